// A segment that moves keeps its place: its name, its lock and lead, and what others have of the old file.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "group/bell.h"
#include "read/segment_reader.h"
#include "segment/segment_writer.h"
#include "support/files.h"
#include "support/must.h"
#include "support/reading.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Must;
using test::Read;
using test::SeriesOf;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

TEST_CASE("who has the old file open reads it as it was, and finds its owner alive") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  UniqueFd open = test::OpenForReading(segment.writer().path());
  FileSource source(open.get());
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  segment.Follow(series, segment.Move());
  *series.cells = 8;

  CHECK((ProbeLock(open.get()) == LockProbe::kHeld));
  CHECK(reader.header().state == static_cast<uint32_t>(layout::OwnerState::kActive));
  REQUIRE((reader.ReadValues(source) == SkipReason::kNone));
  CHECK((SeriesOf(reader) == std::vector<std::string>{"a=7"}));
  // The next scrape, with what was learned of the file that had this name.
  uint64_t epoch = reader.epoch();
  UniqueFd again = test::OpenForReading(segment.writer().path());
  FileSource moved(again.get());
  REQUIRE((reader.Update(moved) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(moved) == SkipReason::kNone));
  CHECK(reader.epoch() != epoch);
  CHECK((SeriesOf(reader) == std::vector<std::string>{"a=8"}));
  segment.writer().Beat();
  CHECK((ProbeLock(open.get()) == LockProbe::kFree));
  CHECK((ProbeLock(again.get()) == LockProbe::kHeld));
}

TEST_CASE("the old cells read as zero once nobody needs the old writer, and keep no file") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  std::shared_ptr<Mapping> view = segment.writer().extent(0).mapping;
  std::shared_ptr<const ByteSource> scrape = segment.shared();
  segment.Move();
  CHECK(*series.cells == 7);
  scrape.reset();
  CHECK(*series.cells == 0);
  *series.cells = 9;
  CHECK((SeriesOf(Read(segment.writer().path())) == std::vector<std::string>{"a=7"}));
}

TEST_CASE("a segment whose file or directory was deleted can be moved back to its name") {
  TemporaryDirectory directory;
  std::string group = directory.File("group");
  std::filesystem::create_directory(group);
  TestSegment segment = TestSegment::InFile(group);
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  UniqueFd bell(Must(segment.writer().OpenBell()));
  std::string path = segment.writer().path();
  CHECK(segment.writer().IsThere());
  CHECK(segment.writer().Lead());

  std::filesystem::remove_all(group);
  CHECK_FALSE(segment.writer().IsThere());
  CHECK_FALSE(segment.writer().BellIsThere());
  *series.cells = 7;
  std::vector<MovedRecord> moved;
  auto failed = segment.writer().Move(true, &moved);
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code == ENOENT);
  std::filesystem::create_directory(group);
  segment.Follow(series, segment.Move());
  *series.cells += 1;
  CHECK(segment.writer().path() == path);
  CHECK(segment.writer().IsThere());
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"a=8"}));
  CHECK((ProbeLock(test::OpenForReading(path).get()) == LockProbe::kHeld));
  CHECK_FALSE(segment.writer().BellIsThere());
  UniqueFd second(Must(segment.writer().OpenBell()));
  CHECK(segment.writer().BellIsThere());
}

TEST_CASE("a segment that was renamed counts under its own name only, and replaces what was put there") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  std::string path = segment.writer().path();
  std::filesystem::rename(path, directory.File("s.renamed"));
  test::WriteWholeFile(path, {1});
  CHECK_FALSE(segment.writer().IsThere());
  segment.Follow(series, segment.Move());

  CHECK(segment.writer().IsThere());
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"a=7"}));
  CHECK(Read(directory.File("s.renamed")).series().empty());
}

TEST_CASE("whoever makes the leader's file anew leads, and the former leader knows") {
  TemporaryDirectory directory;
  TestSegment former = TestSegment::InFile(directory.path());
  TestSegment next = TestSegment::InFile(directory.path());
  CHECK(former.writer().Lead());
  CHECK_FALSE(next.writer().Lead());
  former.Move();
  CHECK(former.writer().Lead());
  CHECK_FALSE(next.writer().Lead());
  std::filesystem::remove(directory.File("leader"));
  CHECK(next.writer().Lead());
  CHECK_FALSE(former.writer().Lead());
}

TEST_CASE("whoever waits for an owner finds it again after a move") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  UniqueFd bell(Must(segment.writer().OpenBell()));
  segment.writer().HasCollectors();
  BellRound round("collect\n", layout::Wakeup::kCollects);
  round.RingAll(directory.path(), "");
  uint64_t run = segment.writer().StartCollect();
  segment.Move();
  segment.writer().FinishCollect(run, 0);
  CHECK(round.Wait(0) == 0);
}

TEST_CASE("a move that finds no room leaves the segment where and as it is") {
  TemporaryDirectory directory;
  const std::string full = directory.File("full");
  REQUIRE(::mkdir(full.c_str(), 0700) == 0);
  if (!test::MountTmpfs(full, "size=320k")) {
    MESSAGE("skipped: mounting a small tmpfs is refused here: " << std::strerror(errno));
    return;
  }
  {
    TestSegment segment = TestSegment::InFile(full);
    uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
    std::vector<TestSeries> series;
    for (int i = 0; i < 2000; i++) {
      series.push_back(segment.Series(family, {"series " + std::to_string(i)}));
      *series.back().cells = i;
    }
    Bytes before = test::ReadWholeFile(segment.writer().path());
    std::vector<MovedRecord> moved;
    auto failed = segment.writer().Move(true, &moved);
    REQUIRE_FALSE(failed.ok());
    CHECK(failed.error().code == ENOSPC);
    CHECK((test::ReadWholeFile(segment.writer().path()) == before));
    CHECK(std::distance(std::filesystem::directory_iterator(full), {}) == 1);
    CHECK(segment.writer().IsThere());
    *series[3].cells += 1;
    CHECK(SeriesOf(Read(segment.writer().path())).at(3) == "series 3=4");

    for (int i = 10; i < 2000; i++) segment.Remove(series[i]);
    segment.Move();
    CHECK(SeriesOf(Read(segment.writer().path())).size() == 10);
  }
  CHECK(::umount2(full.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("a reader sees a living counter go up, whatever moves under it") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries counted = segment.Series(family, {"counted"});
  const std::string path = segment.writer().path();
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> reads{0};
  std::thread thread([&] {
    SegmentReader reader;
    double last = 0;
    while (!stop) {
      UniqueFd fd = test::OpenForReading(path);
      FileSource source(fd.get());
      if (reader.Update(source) != SkipReason::kNone || reader.ReadValues(source) != SkipReason::kNone) {
        wrong++;
        continue;
      }
      for (const ReadSeries& series : reader.series()) {
        double value = reader.values()[series.cell];
        bool is_counted = series.record.labels.at(0).text == "counted";
        if (is_counted ? value < last : value != 0 && value != -1) wrong++;
        if (is_counted) last = value;
      }
      reads++;
    }
  });
  int moves = 0;
  while (reads < 300 || moves < 300) {
    for (int i = 0; i < 20; i++) {
      counted.Increment();
      TestSeries other = segment.Series(family, {"other"});
      *static_cast<volatile double*>(other.cells) = -1;
      segment.Remove(other);
    }
    segment.Follow(counted, segment.Move());
    moves++;
  }
  stop = true;
  thread.join();
  CHECK(wrong == 0);
  CHECK(*counted.cells == 20 * moves);
}

}  // namespace
}  // namespace prom
