#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "../bell.h"
#include "../directory.h"
#include "../segment_reader.h"
#include "../segment_writer.h"
#include "support.h"

namespace prom {
namespace {

using layout::Header;
using test::Must;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

SegmentReader Read(const std::string& path) {
  UniqueFd fd = test::OpenForReading(path);
  FileSource source(fd.get());
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(source) == SkipReason::kNone));
  return reader;
}

// "label=value" of each series, in the order of the records.
std::vector<std::string> SeriesOf(const SegmentReader& reader) {
  std::vector<std::string> found;
  for (const ReadSeries& series : reader.series()) {
    auto value = static_cast<int>(reader.values()[series.cell]);
    found.push_back(series.record.labels.at(0).text + "=" + std::to_string(value));
  }
  return found;
}

// Series until the records take more than a chunk, all but the first and the last removed again.
void Churn(TestSegment& segment, uint32_t family) {
  for (int i = 0; i < 1000; i++) segment.Remove(segment.Series(family, {"gone " + std::to_string(i)}));
}

TEST_CASE("a move takes along what is live, in its order, and leaves the rest behind") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  segment.Scope(7, "other", {{"app", layout::LabelKind::kString, "a"}});
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t gauge = segment.Family(test::GaugeFamily("g", layout::MergeMode::kSum, {"l"}));
  TestSeries last = segment.Series(counter, {"z"});
  *last.cells = 1;
  Churn(segment, counter);
  TestSeries level = segment.Series(gauge, {"level"});
  *level.cells = 2;
  TestSeries first = segment.Series(counter, {"a"});
  *first.cells = 3;
  std::string path = segment.writer().path();
  Header before = segment.writer().header();
  CHECK(segment.writer().waste() > before.records_end / 2);

  std::vector<MovedRecord> moved = segment.Move();
  CHECK(moved.size() == 9);  // 2 scopes, 2 families, 2 members, 3 series
  for (TestSeries* series : {&last, &level, &first}) segment.Follow(*series, moved);

  CHECK(directory.Names().size() == 1);
  CHECK(segment.writer().path() == path);
  CHECK(segment.writer().header().records_end < 1000);
  CHECK(segment.writer().header().extent_count == 2);
  CHECK(segment.writer().waste() == 0);
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"z=1", "level=2", "a=3"}));
  CHECK(Read(path).families().size() == 2);
  CHECK(Read(path).scopes().size() == 2);
  CHECK(Read(path).scopes()[0].default_labels.size() == 1);
  *first.cells += 1;
  *segment.Series(counter, {"new"}).cells = 5;
  segment.Remove(last);
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"level=2", "a=4", "new=5"}));
}

TEST_CASE("of the header a move changes the id, and what it is about") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path(), CurrentOwner(5));
  UniqueFd bell(Must(segment.writer().OpenBell()));
  segment.writer().HasCollectors();
  uint64_t run = segment.writer().StartCollect();
  segment.writer().FinishCollect(run, 2);
  segment.writer().StartCollect();
  Header before = segment.writer().header();
  segment.Move();
  Header after = segment.writer().header();

  CHECK(std::memcmp(before.segment_id, after.segment_id, sizeof after.segment_id) != 0);
  CHECK(after.header_crc == Crc32c(&after, offsetof(Header, header_crc)));
  std::memcpy(after.segment_id, before.segment_id, sizeof after.segment_id);
  CHECK(std::memcmp(&before, &after, offsetof(Header, header_crc)) == 0);
  CHECK(after.worker_thread == 5);
  CHECK(after.collects_started == 2);
  CHECK(after.collects_finished == 1);
  CHECK(after.collect_failures == 2);
  CHECK(after.bell == static_cast<uint32_t>(layout::Bell::kCollects));
  CHECK(after.state == static_cast<uint32_t>(layout::OwnerState::kActive));
  CHECK(segment.writer().BellIsThere());
  std::string path = BellPath(segment.writer().path());
  segment.writer().Close();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a segment names the first file whose counts are in it") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  auto is_first = [&](const Header& header) {
    return std::memcmp(segment.writer().header().first_id, header.segment_id, sizeof header.segment_id) == 0;
  };
  Header first = segment.writer().header();
  CHECK(is_first(first));
  segment.Move();
  segment.Move();
  CHECK(is_first(first));
  segment.Move(false);
  CHECK(is_first(segment.writer().header()));
}

TEST_CASE("pages and exemplars move with their series, and not without") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  TestSeries gone = segment.Series(summary, {"gone"});
  segment.ObserveSummary(gone, 1);
  TestSeries kept = segment.Series(summary, {"kept"});
  for (double value : {-3.0, 0.0, 5.0, 5000.0}) segment.ObserveSummary(kept, value);
  TestSeries observed = segment.Series(histogram, {"observed"});
  observed.Observe(1.5);
  double* exemplar = segment.Exemplar(observed, 1);
  exemplar[0] = 1;
  exemplar[1] = 1.5;
  segment.writer().Remove(gone.record);
  segment.Move();

  SegmentReader reader = Read(segment.writer().path());
  REQUIRE(reader.series().size() == 2);
  const ReadSeries& read = reader.series()[0];
  CHECK(reader.values()[read.cell] == 4);
  REQUIRE(read.pages.size() == 3);
  for (const ReadPage& page : read.pages) {
    double sum = 0;
    for (uint32_t i = 0; i < layout::kPageCells; i++) sum += reader.values()[page.cell + i];
    CHECK(sum == 1);
  }
  REQUIRE(reader.series()[1].exemplars.size() == 1);
  CHECK(reader.series()[1].exemplars[0].bucket == 1);
  CHECK(reader.values()[reader.series()[1].exemplars[0].cell + 1] == 1.5);
}

TEST_CASE("what was counted can be left behind; what was set cannot") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t gauge = segment.Family(test::GaugeFamily("g", layout::MergeMode::kMax, {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  TestSeries counted = segment.Series(counter, {"counted"});
  *counted.cells = 3;
  TestSeries set = segment.Series(gauge, {"set"});
  *set.cells = 4;
  TestSeries observed = segment.Series(histogram, {"observed"});
  observed.Observe(1.5);
  TestSeries sketched = segment.Series(summary, {"sketched"});
  segment.ObserveSummary(sketched, 8);
  std::vector<MovedRecord> moved = segment.Move(false);
  for (TestSeries* series : {&counted, &set, &observed, &sketched}) segment.Follow(*series, moved);

  CHECK(*counted.cells == 0);
  CHECK(*set.cells == 4);
  for (uint32_t i = 0; i < observed.count; i++) CHECK(observed.cells[i] == 0);
  double* slot = sketched.cells + layout::kSummaryHeaderCells;
  CHECK(sketched.cells[0] == 0);
  CHECK(sketched.cells[1] == 0);
  CHECK(slot[0] == 1);
  CHECK(slot[6] == test::kSummarySchema);
  for (int cell : {2, 3, 4, 5}) CHECK(slot[cell] == 0);
  SegmentReader reader = Read(segment.writer().path());
  const ReadPage& page = reader.series()[3].pages.at(0);
  for (uint32_t i = 0; i < layout::kPageCells; i++) CHECK(reader.values()[page.cell + i] == 0);
}

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
  BellRound round("collect\n", layout::Bell::kCollects);
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
  // In a mount namespace of its own: nothing is left mounted, however this process ends.
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("none", full.c_str(), "tmpfs", 0, "size=320k") != 0) {
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
