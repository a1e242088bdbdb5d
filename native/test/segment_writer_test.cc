#include "segment/segment_writer.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/crc32c.h"
#include "read/segment_reader.h"
#include "support/child.h"
#include "support/files.h"
#include "support/reading.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::Header;
using test::Cells;
using test::Read;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

TEST_CASE("a new segment is a small locked file of this user with the identity of its owner") {
  TemporaryDirectory directory;
  OwnerIdentity owner = CurrentOwner(3);
  TestSegment segment = TestSegment::InFile(directory.path(), owner);
  const std::string& path = segment.writer().path();
  std::vector<std::string> names = directory.Names();
  REQUIRE(names.size() == 1);
  std::string start = "s." + std::to_string(owner.pid) + "." + std::to_string(owner.tid) + ".";
  CHECK(names[0].starts_with(start));
  CHECK(names[0].size() == start.size() + 16);
  CHECK(names[0].find_first_not_of("0123456789abcdef", start.size()) == std::string::npos);
  CHECK(path == directory.File(names[0]));
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_size == layout::kGranule);
  CHECK(status.st_blocks * 512 >= status.st_size);

  Bytes bytes = test::ReadWholeFile(path);
  const Header& header = test::HeaderOf(bytes);
  CHECK(header.header_crc == Crc32c(bytes.data(), offsetof(Header, header_crc)));
  CHECK(header.pid == owner.pid);
  CHECK(header.tid == owner.tid);
  CHECK(header.worker_thread == 3);
  CHECK(header.start_ticks == owner.start_ticks);
  CHECK(header.pid_namespace == owner.pid_namespace);
  CHECK(header.boot_id == owner.boot_id);
  CHECK(header.state == static_cast<uint32_t>(layout::OwnerState::kActive));
  CHECK(header.extent_count == 2);
  CHECK(header.records_end == 0);
  CHECK(header.heartbeat_boottime_ns != 0);
  CHECK(header.created_realtime_ns != 0);

  CHECK(segment.owner().lock_excludes());
  CHECK((ProbeLock(test::OpenForReading(path).get()) == LockProbe::kHeld));
  CHECK(Read(segment.source()).series().empty());
}

TEST_CASE("two segments of one owner are two files with two ids") {
  TemporaryDirectory directory;
  auto a = TestSegment::InFile(directory.path());
  auto b = TestSegment::InFile(directory.path());
  CHECK(directory.Names().size() == 2);
  CHECK(a.writer().header().segment_id != b.writer().header().segment_id);
}

TEST_CASE("a closed segment is marked as closed, gives up its lock and keeps its cells mapped") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  std::shared_ptr<Mapping> mapping = segment.writer().extent(0).mapping;
  segment.owner().Close();
  segment.owner().Close();
  *series.cells = 3;
  UniqueFd fd = test::OpenForReading(segment.writer().path());
  CHECK((ProbeLock(fd.get()) == LockProbe::kFree));
  SegmentReader reader = Read(FileSource(fd.get()));
  CHECK(reader.header().state == static_cast<uint32_t>(layout::OwnerState::kClosed));
  CHECK(*Cells(reader, "a") == 3);
  segment = TestSegment::InMemory();  // the old writer is gone
  *series.cells = 4;
  CHECK((reader.ReadValues(FileSource(fd.get())) == SkipReason::kNone));
  CHECK(*Cells(reader, "a") == 4);
}

TEST_CASE("a heartbeat stores the time of both clocks") {
  TestSegment segment = TestSegment::InMemory();
  uint64_t boottime = segment.writer().header().heartbeat_boottime_ns;
  uint64_t realtime = segment.writer().header().heartbeat_realtime_ns;
  segment.owner().Heartbeat();
  CHECK(segment.writer().header().heartbeat_boottime_ns > boottime);
  CHECK(segment.writer().header().heartbeat_realtime_ns > realtime);
}

TEST_CASE("a private segment has no file and reads like one") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  *segment.Series(family, {"a"}).cells = 3;
  CHECK(segment.writer().path().empty());
  CHECK(*Cells(Read(segment.source()), "a") == 3);
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
          // Cells are reused: any other value belongs to another series.
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
