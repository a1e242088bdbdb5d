// Records and cells for which there is no room are refused with an error, and change nothing.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <string>

#include "read/segment_reader.h"
#include "segment/segment_writer.h"
#include "support/files.h"
#include "support/must.h"
#include "support/reading.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Cells;
using test::Must;
using test::Read;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

template <typename T>
void CheckRefused(const Result<T>& result, int code) {
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == code);
  CHECK(std::string(result.error().syscall) != "");
}

TEST_CASE("a record or a range of cells longer than any extent is refused and changes nothing") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  Bytes before(layout::kGranule);
  REQUIRE(segment.source().Read(before.data(), before.size(), 0));
  CheckRefused(segment.AppendUnknown(layout::kMaxRecord + 8), E2BIG);
  CheckRefused(segment.writer().AllocateCells(layout::kMaxChunk / 8 + 1), E2BIG);
  Bytes after(layout::kGranule);
  REQUIRE(segment.source().Read(after.data(), after.size(), 0));
  CHECK((before == after));
  CHECK(segment.writer().AllocateCells(layout::kMaxChunk / 8).ok());
}

TEST_CASE("a segment in memory takes records that are too long for a file, and a reader reads them") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  std::string label(8 * layout::kMaxRecord, 'x');
  *segment.Series(family, {label}).cells = 2;
  *segment.Series(family, {"short"}).cells = 3;
  SegmentReader reader = Read(segment.source());
  CHECK(*Cells(reader, label) == 2);
  CHECK(*Cells(reader, "short") == 3);
  CheckRefused(segment.AppendUnknown(layout::kMaxPrivateRecord + 8), E2BIG);
}

TEST_CASE("a file at its limit refuses to grow and stays as it is") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path(), CurrentOwner(0), 3 * layout::kGranule);
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  *segment.Series(family, {"a"}).cells = 1;
  // Chunk 0, then one more of each type.
  Must(segment.AppendUnknown(test::kFirstRecords));
  uint32_t cells_left = (layout::kGranule - layout::kFirstCellsOffset) / 8;
  Must(segment.writer().AllocateCells(cells_left));
  REQUIRE(segment.writer().header().extent_count == 4);
  CellRange most = Must(segment.writer().AllocateCells(layout::kGranule / 8 - cells_left - 2));
  CHECK(most.extent == 1);

  Bytes before = test::ReadWholeFile(segment.writer().path());
  CHECK(before.size() == 3 * layout::kGranule);
  CheckRefused(segment.AppendUnknown(layout::kGranule - 8), EFBIG);
  CheckRefused(segment.writer().AllocateCells(3), EFBIG);
  CHECK((test::ReadWholeFile(segment.writer().path()) == before));
  CHECK(Must(segment.writer().AllocateCells(1)).extent == 1);  // there is still room for one
  *segment.Series(family, {"b"}).cells = 2;
  SegmentReader reader = Read(segment.source());
  CHECK(*Cells(reader, "a") == 1);
  CHECK(*Cells(reader, "b") == 2);
}

TEST_CASE("a limit below the smallest segment leaves no file behind") {
  TemporaryDirectory directory;
  CheckRefused(OwnerPresence::Create(directory.path(), CurrentOwner(0), layout::kGranule - 1), EFBIG);
  CHECK(directory.Names().empty());
  CheckRefused(OwnerPresence::Create("", CurrentOwner(0), layout::kGranule - 1), EFBIG);
}

TEST_CASE("a full extent table refuses to grow") {
  TestSegment segment = TestSegment::InMemory(CurrentOwner(0), ~uint64_t{0});
  while (segment.writer().header().extent_count < layout::kMaxExtents) {
    REQUIRE(segment.writer().AllocateCells(layout::kMaxChunk / 8).ok());
  }
  CheckRefused(segment.writer().AllocateCells(layout::kMaxChunk / 8), EFBIG);
  CheckRefused(segment.AppendUnknown(test::kFirstRecords + 8), EFBIG);
  CHECK(segment.AppendUnknown(test::kFirstRecords).ok());
}

TEST_CASE("a missing directory, or a file in its place, is an error with its path") {
  TemporaryDirectory directory;
  auto missing = OwnerPresence::Create(directory.File("missing"), CurrentOwner(0), test::kPlenty);
  CheckRefused(missing, ENOENT);
  CHECK(std::string(missing.error().syscall) == "open");
  CHECK(missing.error().path.starts_with(directory.File("missing")));
  test::WriteWholeFile(directory.File("file"), {1});
  CheckRefused(OwnerPresence::Create(directory.File("file"), CurrentOwner(0), test::kPlenty), ENOTDIR);
}

TEST_CASE("a full file system is an error, not a signal, and existing series go on counting") {
  TemporaryDirectory directory;
  const std::string full = directory.File("full");
  REQUIRE(::mkdir(full.c_str(), 0700) == 0);
  if (!test::MountTmpfs(full, "size=256k")) {
    MESSAGE("skipped: mounting a small tmpfs is refused here: " << std::strerror(errno));
    return;
  }
  {
    TestSegment segment = TestSegment::InFile(full);
    uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
    TestSeries first = segment.Series(family, {"first"});
    int grown = 0;
    Result<CellRange> cells = SystemError{};
    while ((cells = segment.writer().AllocateCells(1000)).ok()) {
      std::fill_n(segment.writer().extent(cells.value().extent).data + cells.value().index, 1000, 1.0);
      grown++;
    }
    CHECK(grown > 4);
    CheckRefused(cells, ENOSPC);
    CHECK(std::string(cells.error().syscall) == "fallocate");
    Bytes before = test::ReadWholeFile(segment.writer().path());
    CheckRefused(segment.AppendUnknown(layout::kGranule), ENOSPC);
    CheckRefused(segment.writer().AllocateCells(10'000), ENOSPC);
    CHECK((test::ReadWholeFile(segment.writer().path()) == before));
    CheckRefused(OwnerPresence::Create(full, CurrentOwner(0), test::kPlenty), ENOSPC);
    CHECK(std::distance(std::filesystem::directory_iterator(full), {}) == 1);
    *first.cells += 41;
    *segment.Series(family, {"second"}).cells = 2;  // chunk 0 has room
    SegmentReader reader = Read(segment.writer().path());
    CHECK(*Cells(reader, "first") == 41);
    CHECK(*Cells(reader, "second") == 2);
  }
  CHECK(::umount2(full.c_str(), MNT_DETACH) == 0);
}

}  // namespace
}  // namespace prom
