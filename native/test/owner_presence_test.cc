// What a rewrite keeps: the name, the lock and the lead of the owner, and the readers of the old file. And the name of a segment.
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

#include "group/wakeup.h"
#include "read/segment_reader.h"
#include "segment/rewrite.h"
#include "support/await.h"
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

TEST_CASE("a reader of the old file reads it as it was, and finds its owner alive") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  UniqueFd open = test::OpenForReading(segment.writer().path());
  FileSource source(open.get());
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  segment.Rewrite();
  *series.cells = 8;

  CHECK((ProbeLock(open.get()) == LockProbe::kHeld));
  CHECK(reader.header().state == static_cast<uint32_t>(layout::OwnerState::kActive));
  REQUIRE((reader.ReadValues(source) == SkipReason::kNone));
  CHECK((SeriesOf(reader) == std::vector<std::string>{"a=7"}));
  // The next scrape, with the same reader.
  uint64_t version = reader.version();
  UniqueFd again = test::OpenForReading(segment.writer().path());
  FileSource renewed(again.get());
  REQUIRE((reader.Update(renewed) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(renewed) == SkipReason::kNone));
  CHECK(reader.version() != version);
  CHECK((SeriesOf(reader) == std::vector<std::string>{"a=8"}));
  segment.owner().Heartbeat();
  // Another thread closes the file.
  CHECK(test::Await([&] { return ProbeLock(open.get()) == LockProbe::kFree; }));
  CHECK((ProbeLock(again.get()) == LockProbe::kHeld));
}

TEST_CASE("views of the cells are views of the new file, and a scrape under way reads the old one") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  std::shared_ptr<const ByteSource> scrape = segment.shared();
  segment.Rewrite();
  *series.cells = 8;
  CHECK((SeriesOf(Read(*scrape)) == std::vector<std::string>{"a=7"}));
  scrape.reset();
  *series.cells += 1;
  CHECK((SeriesOf(Read(segment.writer().path())) == std::vector<std::string>{"a=9"}));
}

TEST_CASE("a segment whose file or directory was deleted gets its name back by a rewrite") {
  TemporaryDirectory directory;
  std::string group = directory.File("group");
  std::filesystem::create_directory(group);
  TestSegment segment = TestSegment::InFile(group);
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  UniqueFd wakeup(Must(segment.owner().OpenWakeup()));
  std::string path = segment.writer().path();
  CHECK(segment.owner().NameIsCurrent());
  CHECK(segment.owner().Lead(kLeaderName));

  std::filesystem::remove_all(group);
  CHECK_FALSE(segment.owner().NameIsCurrent());
  CHECK_FALSE(segment.owner().WakeupExists());
  *series.cells = 7;
  auto failed = segment.TryRewrite();
  REQUIRE(failed);
  CHECK(failed->code == ENOENT);
  std::filesystem::create_directory(group);
  segment.Rewrite();
  *series.cells += 1;
  CHECK(segment.writer().path() == path);
  CHECK(segment.owner().NameIsCurrent());
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"a=8"}));
  CHECK((ProbeLock(test::OpenForReading(path).get()) == LockProbe::kHeld));
  CHECK_FALSE(segment.owner().WakeupExists());
  UniqueFd second(Must(segment.owner().OpenWakeup()));
  CHECK(segment.owner().WakeupExists());
}

TEST_CASE("a segment that was renamed counts under its own name only, and replaces a file of that name") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries series = segment.Series(family, {"a"});
  *series.cells = 7;
  std::string path = segment.writer().path();
  std::filesystem::rename(path, directory.File("s.renamed"));
  test::WriteWholeFile(path, {1});
  CHECK_FALSE(segment.owner().NameIsCurrent());
  segment.Rewrite();

  CHECK(segment.owner().NameIsCurrent());
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"a=7"}));
  CHECK(Read(directory.File("s.renamed")).series().empty());
}

TEST_CASE("an owner that makes a new leader file leads, and the former leader knows") {
  TemporaryDirectory directory;
  TestSegment former = TestSegment::InFile(directory.path());
  TestSegment next = TestSegment::InFile(directory.path());
  CHECK(former.owner().Lead(kLeaderName));
  CHECK_FALSE(next.owner().Lead(kLeaderName));
  former.Rewrite();
  CHECK(former.owner().Lead(kLeaderName));
  CHECK_FALSE(next.owner().Lead(kLeaderName));
  std::filesystem::remove(directory.File("leader"));
  CHECK(next.owner().Lead(kLeaderName));
  CHECK_FALSE(former.owner().Lead(kLeaderName));
}

TEST_CASE("owners may have different roles, and the next owner gets a role that another one has given up") {
  TemporaryDirectory directory;
  TestSegment former = TestSegment::InFile(directory.path());
  TestSegment next = TestSegment::InFile(directory.path());
  CHECK(former.owner().Lead(".one"));
  CHECK(next.owner().Lead(".two"));
  CHECK_FALSE(next.owner().Lead(".one"));
  former.owner().Resign(".one");
  CHECK(next.owner().Lead(".one"));
  CHECK_FALSE(former.owner().Lead(".one"));
}

TEST_CASE("a collect request finds its owner again after a rewrite") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  UniqueFd wakeup(Must(segment.owner().OpenWakeup()));
  segment.owner().HasCollectors();
  CollectRequest request("collect\n", layout::Wakeup::kCollects);
  request.NotifyAll(directory.path(), "");
  uint64_t sequence = segment.owner().StartCollect();
  segment.Rewrite();
  segment.owner().FinishCollect(sequence, 0);
  CHECK(request.Wait(0) == 0);
}

TEST_CASE("a rewrite that finds no room leaves the segment as it is") {
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
    auto failed = segment.TryRewrite();
    REQUIRE(failed);
    CHECK(failed->code == ENOSPC);
    CHECK((test::ReadWholeFile(segment.writer().path()) == before));
    CHECK(std::distance(std::filesystem::directory_iterator(full), {}) == 1);
    CHECK(segment.owner().NameIsCurrent());
    *series[3].cells += 1;
    CHECK(SeriesOf(Read(segment.writer().path())).at(3) == "series 3=4");

    for (size_t i = 10; i < 2000; i++) segment.Remove(series[i]);
    segment.Rewrite();
    CHECK(SeriesOf(Read(segment.writer().path())).size() == 10);
  }
  CHECK(::umount2(full.c_str(), MNT_DETACH) == 0);
}

TEST_CASE("a reader sees a living counter go up through any number of rewrites") {
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
  int rewrites = 0;
  while (reads < 300 || rewrites < 300) {
    for (int i = 0; i < 20; i++) {
      counted.Increment();
      TestSeries other = segment.Series(family, {"other"});
      *static_cast<volatile double*>(other.cells) = -1;
      segment.Remove(other);
    }
    segment.Rewrite();
    rewrites++;
  }
  stop = true;
  thread.join();
  CHECK(wrong == 0);
  CHECK(*counted.cells == 20 * rewrites);
}

}  // namespace
}  // namespace prom
