#include "../segment_writer.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "../segment_reader.h"
#include "support.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::RecordHeader;
using layout::RecordType;
using test::Must;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

constexpr uint64_t kFirstRecords = layout::kFirstCellsOffset - layout::kFirstRecordsOffset;
// A reader passes over a record of a kind that it does not know.
constexpr auto kUnknownType = static_cast<RecordType>(999);

// The body of a record of that whole length.
Bytes BodyOf(uint64_t record_length) { return Bytes(record_length - layout::kRecordHeaderSize, 0xab); }

SegmentReader Read(const ByteSource& source) {
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(source) == SkipReason::kNone));
  return reader;
}

double ValueOf(const SegmentReader& reader, const std::string& label) {
  for (const ReadSeries& series : reader.series()) {
    if (series.live && series.record.labels.at(0).text == label) return reader.values()[series.cell];
  }
  return NAN;
}

TEST_CASE("a new segment is a small locked file of this user that says who owns it") {
  TemporaryDirectory directory;
  OwnerIdentity owner = CurrentOwner(3);
  auto writer = Must(SegmentWriter::Create(directory.path(), owner, test::kPlenty));
  std::vector<std::string> names = directory.Names();
  REQUIRE(names.size() == 1);
  std::string start = "s." + std::to_string(owner.pid) + "." + std::to_string(owner.tid) + ".";
  CHECK(names[0].starts_with(start));
  CHECK(names[0].size() == start.size() + 16);
  CHECK(names[0].find_first_not_of("0123456789abcdef", start.size()) == std::string::npos);
  CHECK(writer->path() == directory.File(names[0]));
  struct stat status {};
  REQUIRE(::stat(writer->path().c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_size == layout::kGranule);
  CHECK(status.st_blocks * 512 >= status.st_size);

  Bytes bytes = test::ReadWholeFile(writer->path());
  const Header& header = test::HeaderOf(bytes);
  CHECK(header.header_crc == Crc32c(bytes.data(), offsetof(Header, header_crc)));
  CHECK(header.pid == owner.pid);
  CHECK(header.tid == owner.tid);
  CHECK(header.worker_thread == 3);
  CHECK(header.start_ticks == owner.start_ticks);
  CHECK(header.pid_namespace == owner.pid_namespace);
  CHECK(std::memcmp(header.boot_id, owner.boot_id, sizeof owner.boot_id) == 0);
  CHECK(header.state == static_cast<uint32_t>(layout::OwnerState::kActive));
  CHECK(header.extent_count == 2);
  CHECK(header.records_end == 0);
  CHECK(header.heartbeat_boottime_ns != 0);
  CHECK(header.created_realtime_ns != 0);

  CHECK(writer->lock_excludes());
  CHECK((ProbeLock(test::OpenForReading(writer->path()).get()) == LockProbe::kHeld));
  CHECK(Read(*writer).series().empty());
}

TEST_CASE("two segments of one owner are two files with two ids") {
  TemporaryDirectory directory;
  auto a = TestSegment::InFile(directory.path());
  auto b = TestSegment::InFile(directory.path());
  CHECK(directory.Names().size() == 2);
  CHECK(std::memcmp(a.writer().header().segment_id, b.writer().header().segment_id, 16) != 0);
}

TEST_CASE("what was appended over many chunks is all there, and no cell moved") {
  TemporaryDirectory directory;
  for (bool in_file : {true, false}) {
    TestSegment segment = in_file ? TestSegment::InFile(directory.path()) : TestSegment::InMemory();
    uint32_t family = segment.Family(test::HistogramFamily("h", {1, 2, 3, 4, 5}, {"l"}));
    std::vector<TestSeries> series;
    for (int i = 0; i < 6000; i++) {
      series.push_back(segment.Series(family, {"label number " + std::to_string(i)}));
      series.back().cells[0] = i;
      series.back().cells[1] = 1;
      series.back().cells[2] = 1;
    }
    const Header& header = segment.writer().header();
    int extents[3] = {};
    uint64_t end = layout::kHeaderSize;
    for (uint32_t i = 0; i < header.extent_count; i++) {
      const layout::Extent& extent = header.extents[i];
      CHECK(extent.index == static_cast<uint32_t>(extents[extent.type]++));
      CHECK(extent.offset == end);
      if (i >= 2) CHECK(extent.offset % layout::kGranule == 0);
      end = extent.offset + extent.length;
    }
    CHECK(extents[static_cast<int>(ExtentType::kRecords)] >= 4);
    CHECK(extents[static_cast<int>(ExtentType::kCells)] >= 4);
    CHECK(segment.writer().extent_count() == static_cast<size_t>(extents[2]));

    std::set<const double*> places;
    bool all_kept = true;
    for (size_t i = 0; i < series.size(); i++) {
      places.insert(series[i].cells);
      all_kept = all_kept && series[i].cells[0] == static_cast<double>(i);
      const CellExtent& extent = segment.writer().extent(series[i].range.extent);
      all_kept = all_kept && series[i].cells == extent.data + series[i].range.index;
      all_kept = all_kept && series[i].range.file_offset == extent.file_offset + series[i].range.index * 8;
    }
    CHECK(all_kept);
    CHECK(places.size() == series.size());

    SegmentReader reader = Read(segment.source());
    REQUIRE(reader.series().size() == series.size());
    bool all_read = true;
    for (size_t i = 0; i < series.size(); i++) {
      const ReadSeries& read = reader.series()[i];
      all_read = all_read && read.record.labels[0].text == "label number " + std::to_string(i) &&
                 reader.values()[read.cell] == static_cast<double>(i);
    }
    CHECK(all_read);
  }
}

TEST_CASE("new cells are zero") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(300, 1), {"l"}));
  for (int i = 0; i < 50; i++) {
    TestSeries series = segment.Series(family, {std::to_string(i)});
    CHECK(std::all_of(series.cells, series.cells + series.count, [](double cell) { return cell == 0; }));
    std::fill_n(series.cells, series.count, 1.0);
  }
}

// Leaves `left` bytes of the first D extent, then appends one more record.
void CheckTail(uint64_t left) {
  CAPTURE(left);
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries before = segment.Series(family, {"before"});
  *before.cells = 1;
  uint64_t fill = kFirstRecords - left - segment.writer().header().records_end;
  uint64_t filler = Must(segment.writer().Append(kUnknownType, BodyOf(fill)));
  CHECK(filler + fill == kFirstRecords - left);
  CHECK(segment.writer().header().extent_count == 2);
  // A reader that comes at this very moment, and stays.
  SegmentReader reader = Read(segment.source());

  TestSeries after = segment.Series(family, {"after"});
  *after.cells = 2;
  CHECK(after.record == kFirstRecords);
  CHECK(segment.writer().header().extent_count == 3);
  CHECK(segment.writer().header().records_end > kFirstRecords);
  if (left >= layout::kRecordHeaderSize) {
    Bytes bytes = test::ReadWholeFile(segment.writer().path());
    RecordHeader skip{};
    std::memcpy(&skip, bytes.data() + layout::kFirstCellsOffset - left, sizeof skip);
    CHECK(skip.type == static_cast<uint16_t>(RecordType::kSkip));
    CHECK(skip.length == left);
    CHECK(skip.crc == RecordCrc(skip, bytes.data() + layout::kFirstCellsOffset - left + sizeof skip));
  }
  uint64_t epoch = reader.epoch();
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(reader.epoch() == epoch);
  SegmentReader fresh = Read(FileSource(test::OpenForReading(segment.writer().path()).get()));
  for (const SegmentReader* each : {&reader, &fresh}) {
    CHECK(each->series().size() == 2);
    CHECK(ValueOf(*each, "before") == 1);
    CHECK(ValueOf(*each, "after") == 2);
  }
  segment.Remove(after);
  CHECK(Read(segment.source()).series().size() == 1);
}

TEST_CASE("a record that fills an extent to the last byte leaves nothing to skip") { CheckTail(0); }
TEST_CASE("a tail too short for a record is left as it is") { CheckTail(8); }
TEST_CASE("a tail that can hold no more than a record's header is skipped") { CheckTail(16); }
TEST_CASE("a tail with some room, but not enough, is skipped") {
  CheckTail(24);
  CheckTail(48);
}

TEST_CASE("a record of the greatest length gets an extent of its own and reads back") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  std::string label(layout::kMaxRecord - 16 - 28 - 8, 'x');
  *segment.Series(family, {label}).cells = 5;
  *segment.Series(family, {"small"}).cells = 6;
  SegmentReader reader = Read(segment.source());
  CHECK(ValueOf(reader, label) == 5);
  CHECK(ValueOf(reader, "small") == 6);
}

template <typename T>
void CheckRefused(const Result<T>& result, int code) {
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == code);
  CHECK(std::string(result.error().syscall) != "");
}

TEST_CASE("a record or a row of cells that no extent can hold is refused and changes nothing") {
  TestSegment segment = TestSegment::InMemory();
  Bytes before(layout::kGranule);
  REQUIRE(segment.source().Read(before.data(), before.size(), 0));
  CheckRefused(segment.writer().Append(kUnknownType, BodyOf(layout::kMaxRecord + 8)), E2BIG);
  CheckRefused(segment.writer().AllocateCells(layout::kMaxChunk / 8 + 1), E2BIG);
  Bytes after(layout::kGranule);
  REQUIRE(segment.source().Read(after.data(), after.size(), 0));
  CHECK((before == after));
  CHECK(segment.writer().AllocateCells(layout::kMaxChunk / 8).ok());
}

TEST_CASE("a file as long as allowed refuses to grow, and nobody sees the attempt") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path(), CurrentOwner(0), 3 * layout::kGranule);
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  *segment.Series(family, {"a"}).cells = 1;
  // Chunk 0, then one more of each type.
  Must(segment.writer().Append(kUnknownType, BodyOf(kFirstRecords)));
  uint32_t cells_left = (layout::kGranule - layout::kFirstCellsOffset) / 8;
  Must(segment.writer().AllocateCells(cells_left));
  REQUIRE(segment.writer().header().extent_count == 4);
  CellRange most = Must(segment.writer().AllocateCells(layout::kGranule / 8 - cells_left - 2));
  CHECK(most.extent == 1);

  Bytes before = test::ReadWholeFile(segment.writer().path());
  CHECK(before.size() == 3 * layout::kGranule);
  CheckRefused(segment.writer().Append(kUnknownType, BodyOf(layout::kGranule - 8)), EFBIG);
  CheckRefused(segment.writer().AllocateCells(3), EFBIG);
  CHECK((test::ReadWholeFile(segment.writer().path()) == before));
  CHECK(Must(segment.writer().AllocateCells(1)).extent == 1);  // what fits still fits
  *segment.Series(family, {"b"}).cells = 2;
  SegmentReader reader = Read(segment.source());
  CHECK(ValueOf(reader, "a") == 1);
  CHECK(ValueOf(reader, "b") == 2);
}

TEST_CASE("a limit below the smallest segment leaves no file behind") {
  TemporaryDirectory directory;
  CheckRefused(SegmentWriter::Create(directory.path(), CurrentOwner(0), layout::kGranule - 1), EFBIG);
  CHECK(directory.Names().empty());
  CheckRefused(SegmentWriter::CreatePrivate(CurrentOwner(0), layout::kGranule - 1), EFBIG);
}

TEST_CASE("a full extent table refuses to grow") {
  auto writer = Must(SegmentWriter::CreatePrivate(CurrentOwner(0), ~uint64_t{0}));
  while (writer->header().extent_count < layout::kMaxExtents) {
    REQUIRE(writer->AllocateCells(layout::kMaxChunk / 8).ok());
  }
  CheckRefused(writer->AllocateCells(layout::kMaxChunk / 8), EFBIG);
  CheckRefused(writer->Append(kUnknownType, BodyOf(kFirstRecords + 8)), EFBIG);
  CHECK(writer->Append(kUnknownType, BodyOf(kFirstRecords)).ok());
}

TEST_CASE("a directory that is not there, or is none, is an error with its path") {
  TemporaryDirectory directory;
  auto missing = SegmentWriter::Create(directory.File("missing"), CurrentOwner(0), test::kPlenty);
  CheckRefused(missing, ENOENT);
  CHECK(std::string(missing.error().syscall) == "open");
  CHECK(missing.error().path.starts_with(directory.File("missing")));
  test::WriteWholeFile(directory.File("file"), {1});
  CheckRefused(SegmentWriter::Create(directory.File("file"), CurrentOwner(0), test::kPlenty), ENOTDIR);
}

TEST_CASE("a full file system is an error, not a signal, and what was there goes on") {
  TemporaryDirectory directory;
  const std::string full = directory.File("full");
  REQUIRE(::mkdir(full.c_str(), 0700) == 0);
  // In a mount namespace of its own: nothing is left mounted, however this process ends.
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", full.c_str(), "tmpfs", 0, "size=256k") != 0) {
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
    CheckRefused(segment.writer().Append(kUnknownType, BodyOf(layout::kGranule)), ENOSPC);
    CheckRefused(segment.writer().AllocateCells(10'000), ENOSPC);
    CHECK((test::ReadWholeFile(segment.writer().path()) == before));
    CheckRefused(SegmentWriter::Create(full, CurrentOwner(0), test::kPlenty), ENOSPC);
    CHECK(std::distance(std::filesystem::directory_iterator(full), {}) == 1);
    *first.cells += 41;
    *segment.Series(family, {"second"}).cells = 2;  // chunk 0 has room
    SegmentReader reader = Read(FileSource(test::OpenForReading(segment.writer().path()).get()));
    CHECK(ValueOf(reader, "first") == 41);
    CHECK(ValueOf(reader, "second") == 2);
  }
  CHECK(::umount2(full.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("freed cells are used again, by as many as they are, and are zero by then") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  TestSeries a = segment.Series(counter, {"a"});
  TestSeries b = segment.Series(counter, {"b"});
  TestSeries h = segment.Series(histogram, {"a"});
  *a.cells = 11;
  *b.cells = 12;
  std::fill_n(h.cells, h.count, 13.0);
  segment.Remove(a);
  segment.Remove(h);
  CHECK(*a.cells == 11);  // until somebody else needs them, they stay as they were for readers that are late
  CHECK(h.cells[0] == 13);
  CHECK(segment.writer().header().removals == 2);

  TestSeries again = segment.Series(histogram, {"again"});
  CHECK(again.cells == h.cells);
  CHECK(std::all_of(again.cells, again.cells + again.count, [](double cell) { return cell == 0; }));
  TestSeries c = segment.Series(counter, {"c"});
  CHECK(c.cells == a.cells);
  CHECK(*c.cells == 0);
  TestSeries d = segment.Series(counter, {"d"});
  CHECK(d.cells != a.cells);
  CHECK(d.cells != b.cells);
  CHECK(*b.cells == 12);
}

TEST_CASE("removing and adding for ever needs no more cells") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(100, 1), {"l"}));
  for (int i = 0; i < 1000; i++) segment.Remove(segment.Series(family, {std::to_string(i)}));
  CHECK(segment.writer().extent_count() == 1);
}

TEST_CASE("a closed segment says so, gives up its lock and keeps its cells for their holders") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  std::shared_ptr<Mapping> mapping = segment.writer().extent(0).mapping;
  segment.writer().Close();
  segment.writer().Close();
  *series.cells = 3;
  UniqueFd fd = test::OpenForReading(segment.writer().path());
  CHECK((ProbeLock(fd.get()) == LockProbe::kFree));
  SegmentReader reader = Read(FileSource(fd.get()));
  CHECK(reader.header().state == static_cast<uint32_t>(layout::OwnerState::kClosed));
  CHECK(ValueOf(reader, "a") == 3);
  segment = TestSegment::InMemory();  // the old writer is gone
  *series.cells = 4;
  CHECK((reader.ReadValues(FileSource(fd.get())) == SkipReason::kNone));
  CHECK(ValueOf(reader, "a") == 4);
}

TEST_CASE("a beat moves the heartbeat of both clocks") {
  TestSegment segment = TestSegment::InMemory();
  uint64_t boottime = segment.writer().header().heartbeat_boottime_ns;
  uint64_t realtime = segment.writer().header().heartbeat_realtime_ns;
  segment.writer().Beat();
  CHECK(segment.writer().header().heartbeat_boottime_ns > boottime);
  CHECK(segment.writer().header().heartbeat_realtime_ns > realtime);
}

TEST_CASE("a private segment has no file and reads like one") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  *segment.Series(family, {"a"}).cells = 3;
  CHECK(segment.writer().path().empty());
  CHECK(ValueOf(Read(segment.source()), "a") == 3);
}

TEST_CASE(
    "the writer's own bytes are those of its file, over chunks and at any alignment, and end where it ends") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  for (int i = 0; i < 3000; i++) *segment.Series(family, {std::to_string(i)}).cells = i;
  Bytes file = test::ReadWholeFile(segment.writer().path());
  for (uint64_t offset : {0ul, 3ul, 65533ul, 65536ul, 4095ul}) {
    for (uint64_t length : {0ul, 1ul, 7ul, 16ul, 64ul * 1024, 100'001ul}) {
      if (offset + length > file.size()) continue;
      Bytes part(length);
      CHECK(segment.source().Read(part.data(), length, offset));
      CHECK(std::equal(part.begin(), part.end(), file.begin() + static_cast<ptrdiff_t>(offset)));
    }
  }
  Bytes part(16);
  CHECK(segment.source().Read(part.data(), 16, file.size() - 16));
  CHECK_FALSE(segment.source().Read(part.data(), 16, file.size() - 8));
  CHECK_FALSE(segment.source().Read(part.data(), 1, file.size()));
  CHECK_FALSE(segment.source().Read(part.data(), 1, ~uint64_t{0} - 4));
}

TEST_CASE("a forked child cannot count into its parent's segment") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries series = segment.Series(segment.Family(test::CounterFamily("c", {"l"})), {"a"});
  *series.cells = 1;
  test::Child child([&](const test::Child::Line&) {
    ::signal(SIGSEGV, SIG_DFL);
    *const_cast<volatile double*>(series.cells) = 2;
  });
  int status = child.Reap();
  CHECK(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGSEGV);
  CHECK(*series.cells == 1);
}

TEST_CASE("a reader in another thread sees every series whole while the owner appends, removes and counts") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  std::atomic<size_t> scrapes = 0;
  std::atomic<bool> done = false;
  std::thread reading([&] {
    SegmentReader reader;
    double last_fixed = 0;
    uint64_t last_end = 0;
    for (; scrapes < 300 || reader.header().removals < 300; scrapes++) {
      if (reader.Update(segment.source()) != SkipReason::kNone ||
          reader.ReadValues(segment.source()) != SkipReason::kNone) {
        FAIL_CHECK("the segment was refused");
      }
      if (reader.header().records_end < last_end) FAIL_CHECK("records went back");
      last_end = reader.header().records_end;
      for (const ReadSeries& series : reader.series()) {
        double value = reader.values()[series.cell];
        const std::string& label = series.record.labels[0].text;
        if (label == "fixed") {
          if (value < last_fixed) FAIL_CHECK("a counter went back");
          last_fixed = value;
        } else if (value != 0 && value != std::stod(label)) {
          // Cells are used again: any other value is another series'.
          FAIL_CHECK("series " << label << " has the value " << value);
        }
      }
    }
    done = true;
  });
  TestSeries fixed = segment.Series(family, {"fixed"});
  std::vector<TestSeries> others;
  size_t appended = 0;
  for (int64_t i = 1; !done; i++) {
    *fixed.cells = static_cast<double>(i);
    if (appended > 4 * scrapes + 32) continue;  // not so far ahead that a scrape takes ever longer
    others.push_back(segment.Series(family, {std::to_string(i)}));
    *others.back().cells = static_cast<double>(i);
    appended++;
    if (others.size() > 16) {
      segment.Remove(others.front());
      others.erase(others.begin());
    }
  }
  reading.join();
}

}  // namespace
}  // namespace prom
