#include "group/archive.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "files/directory.h"
#include "group/archive_file.h"
#include "group/compaction.h"
#include "group/group.h"
#include "support/files.h"
#include "support/must.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::MergeMode;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

constexpr double kNowMs = 1'000'000;

std::string Rendered(const std::string& directory, Format format = Format::kText) {
  Scrape scrape;
  scrape.view = {{"", "other"}, true};
  scrape.format = format;
  scrape.now_ms = kNowMs;
  Group group(directory, CurrentOwner(0));
  return std::string(group.Render(scrape).value().view());
}

uint32_t Compact(const std::string& directory, const ArchiveLimits& limits = {}) {
  return CompactDead(directory, CurrentOwner(0), {limits, kNowMs, 0, nullptr}).value();
}

bool Has(const std::string& text, const std::string& line) {
  return ('\n' + text).find('\n' + line + '\n') != std::string::npos;
}

// A segment of an owner that has exited.
void Dead(const std::string& directory, const std::function<void(TestSegment&)>& fill) {
  TestSegment segment = TestSegment::InFile(directory);
  fill(segment);
  segment.owner().Close();
}

std::vector<std::string> Segments(const TemporaryDirectory& directory) {
  std::vector<std::string> names;
  for (const std::string& name : directory.Names()) {
    if (IsSegmentName(name)) names.push_back(name);
  }
  return names;
}

TEST_CASE("no total changes by its last digit, in any order in which owners are compacted") {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> mantissa(0.5, 1);
  std::uniform_int_distribution<int> exponent(-30, 30);
  for (int round = 0; round < 60; round++) {
    TemporaryDirectory directory;
    std::vector<TestSegment> living;
    for (int i = 0; i < 6; i++) {
      living.push_back(TestSegment::InFile(directory.path()));
      uint32_t counters = living.back().Family(test::CounterFamily("c", {"label"}));
      uint32_t histogram = living.back().Family(test::HistogramFamily("h", {0.1, 1}));
      for (int k = 0; k < 10; k++) {
        *living.back().Series(counters, {std::to_string(k)}).cells =
            std::ldexp(mantissa(random), exponent(random));
      }
      TestSeries series = living.back().Series(histogram);
      for (int k = 0; k < 10; k++) series.Observe(mantissa(random));
    }
    const std::string before = Rendered(directory.path());
    while (!living.empty()) {
      std::swap(living[random() % living.size()], living.back());
      living.back().owner().Close();
      living.pop_back();
      CHECK(Compact(directory.path()) == 1);
      CHECK(Rendered(directory.path()) == before);
    }
    CHECK(Segments(directory).empty());
  }
}

TEST_CASE("the values of a series of several dead owners are merged by the mode of the gauge") {
  TemporaryDirectory directory;
  for (double value : {3.0, 1.0, 2.0}) {
    Dead(directory.path(), [&](TestSegment& segment) {
      for (auto [name, mode] : {std::pair{"min", MergeMode::kMin},
                                {"max", MergeMode::kMax},
                                {"sum", MergeMode::kSum},
                                {"livesum", MergeMode::kLiveSum},
                                {"average", MergeMode::kAverage}}) {
        *segment.Series(segment.Family(test::GaugeFamily(name, mode))).cells = value;
      }
      double* recent =
          segment.Series(segment.Family(test::GaugeFamily("recent", MergeMode::kMostRecent))).cells;
      recent[0] = value;
      recent[1] = value * 100;
    });
  }
  for (int i = 0; i < 2; i++) {
    CHECK(Compact(directory.path()) == (i == 0 ? 3 : 0));
    std::string text = Rendered(directory.path());
    CHECK(Has(text, "min 1"));
    CHECK(Has(text, "max 3"));
    CHECK(Has(text, "sum 6"));
    CHECK(Has(text, "recent 3"));
    CHECK(text.find("livesum") == std::string::npos);
    CHECK(text.find("average") == std::string::npos);
  }
}

TEST_CASE("a gauge that was set before the last boot is older than one of this boot, but not unset") {
  TemporaryDirectory directory;
  OwnerIdentity before = CurrentOwner(0);
  before.boot_id[0] ^= 1;
  for (auto [owner, value, time] : {std::tuple{before, 7.0, 5e6}, {CurrentOwner(0), 8.0, 1.0}}) {
    TestSegment segment = TestSegment::InFile(directory.path(), owner);
    double* recent = segment.Series(segment.Family(test::GaugeFamily("g", MergeMode::kMostRecent))).cells;
    recent[0] = value;
    recent[1] = time;
    segment.owner().Close();
    CHECK(Compact(directory.path()) == 1);
    CHECK(Has(Rendered(directory.path()), "g " + std::to_string(static_cast<int>(value))));
  }
}

TEST_CASE("series of several scopes, default labels and label orders do not change") {
  TemporaryDirectory directory;
  for (const char* zone : {"a", "b"}) {
    Dead(directory.path(), [&](TestSegment& segment) {
      segment.Scope(0, "", {{"zone", layout::LabelKind::kString, zone}});
      segment.Scope(1, "other");
      *segment.Series(segment.Family(test::CounterFamily("c", {"x"})), {"1"}).cells = 2;
      *segment.Series(segment.Family(test::CounterFamily("d", {"x"}), 1), {"1"}).cells = 5;
    });
  }
  std::string before = Rendered(directory.path());
  Compact(directory.path());
  CHECK(Rendered(directory.path()) == before);
  CHECK(Has(before, "c{x=\"1\",zone=\"b\"} 2"));
  CHECK(Has(before, "d{x=\"1\"} 10"));
}

TEST_CASE("scopes stay chosen after a compaction, in the same order") {
  TemporaryDirectory directory;
  auto rendered = [&] {
    Scrape scrape;
    scrape.view.chosen = Chosen::kCluster;
    Group group(directory.path(), CurrentOwner(0));
    return std::string(group.Render(scrape).value().view());
  };
  auto add = [](TestSegment& segment, const char* name, uint32_t flags) {
    segment.Scope(flags + 1, name, {}, flags);
    *segment.Series(segment.Family(test::CounterFamily(name), flags + 1)).cells = 1;
  };
  Dead(directory.path(), [&](TestSegment& segment) { add(segment, "unchosen_first", 0); });
  Dead(directory.path(), [&](TestSegment& segment) { add(segment, "a", layout::kChosenForCluster); });
  Dead(directory.path(), [&](TestSegment& segment) {
    add(segment, "unchosen_first", layout::kChosenForCluster);
    segment.Scope(9, "empty", {}, layout::kChosenForWorker);
  });
  const std::string before = rendered();
  CHECK(before ==
        "# HELP a a help\n# TYPE a counter\na 1\n\n"
        "# HELP unchosen_first unchosen_first help\n# TYPE unchosen_first counter\nunchosen_first 2\n");
  for (int i = 0; i < 2; i++) {
    Compact(directory.path());
    CHECK(rendered() == before);
    Dead(directory.path(), [](TestSegment& segment) { segment.Scope(1, "other"); });
  }
}

TEST_CASE("quantiles are the same before and after a compaction, and an age slot that is over is not kept") {
  TemporaryDirectory directory;
  for (int owner = 0; owner < 3; owner++) {
    Dead(directory.path(), [&](TestSegment& segment) {
      TestSeries all = segment.Series(segment.Family(test::SummaryFamily("s", {0.5, 0.9})));
      for (int i = 0; i < 40; i++) segment.ObserveSummary(all, (i - 10) * (owner + 1));
      TestSeries recent = segment.Series(segment.Family(test::SummaryFamily("r", {0.5}, 1, 1000)));
      segment.ObserveSummary(recent, 5, owner == 0 ? 12 : kNowMs / 1000);
    });
  }
  std::string before = Rendered(directory.path());
  CHECK(Compact(directory.path()) == 3);
  CHECK(Rendered(directory.path()) == before);
  CHECK(Has(before, "r_count 3"));
}

TEST_CASE("exemplars of dead owners are kept, the newest of each bucket") {
  TemporaryDirectory directory;
  for (double time : {20.0, 30.0, 10.0}) {
    Dead(directory.path(), [&](TestSegment& segment) {
      TestSeries series = segment.Series(segment.Family(test::CounterFamily("c_total")));
      *series.cells = 1;
      CellRange range = test::Must(segment.writer().AllocateCells(layout::kExemplarCells));
      test::Must(
          segment.writer().Append(layout::RecordType::kExemplar,
                                  Encode(ExemplarRecord{series.range.file_offset, range.file_offset, 0})));
      double* cells = segment.writer().extent(range.extent).data + range.index;
      cells[1] = time / 10;
      cells[2] = time;
      cells[0] = 1;
    });
    Compact(directory.path());
  }
  CHECK(Has(Rendered(directory.path(), Format::kClientOpenMetrics), "c_total 3 # {} 3 30"));
}

TEST_CASE(
    "over the limits new series are dropped and counted, and the gauges of the oldest owners are dropped") {
  TemporaryDirectory directory;
  ArchiveLimits limits;
  limits.series = 8;
  limits.owner_gauges = 2;
  for (int owner = 0; owner < 4; owner++) {
    OwnerIdentity identity = CurrentOwner(0);
    identity.worker_thread = static_cast<uint32_t>(owner) + 1;
    TestSegment segment = TestSegment::InFile(directory.path(), identity);
    uint32_t counters = segment.Family(test::CounterFamily("c", {"x"}));
    *segment.Series(counters, {"kept"}).cells = 1;
    *segment.Series(segment.Family(test::GaugeFamily("g", MergeMode::kAll))).cells = owner;
    for (int i = 0; i < 3; i++) *segment.Series(counters, {std::to_string(owner * 3 + i)}).cells = 1;
    segment.owner().Close();
    ::usleep(2000);  // so that they are created at different times
    Compact(directory.path(), limits);
  }
  std::string text = Rendered(directory.path());
  CHECK(Has(text, "c{x=\"kept\"} 4"));
  CHECK(text.find("prom_client_mmap_dropped_series_total") != std::string::npos);
  size_t gauges = 0;
  for (size_t at = text.find("\ng{"); at != std::string::npos; at = text.find("\ng{", at + 1)) gauges++;
  CHECK(gauges <= 2);
}

TEST_CASE("a compacted segment that comes back is not counted again, and the next compaction removes it") {
  TemporaryDirectory directory;
  Dead(directory.path(),
       [](TestSegment& segment) { *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 3; });
  std::string name = Segments(directory).at(0);
  Bytes bytes = test::ReadWholeFile(directory.File(name));
  Compact(directory.path());
  test::WriteWholeFile(directory.File(name), bytes);
  CHECK(Has(Rendered(directory.path()), "c 3"));
  CHECK(Compact(directory.path()) == 0);
  CHECK(Segments(directory).empty());
  CHECK(Has(Rendered(directory.path()), "c 3"));
}

TEST_CASE("a living segment is not compacted, nor is a dead copy of it") {
  TemporaryDirectory directory;
  TestSegment living = TestSegment::InFile(directory.path());
  *living.Series(living.Family(test::CounterFamily("c"))).cells = 3;
  Bytes copy = test::ReadWholeFile(living.writer().path());
  test::HeaderOf(copy).state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  test::WriteWholeFile(directory.File("s.copy"), copy);
  CHECK(Compact(directory.path()) == 0);
  CHECK(Segments(directory).size() == 2);
  CHECK(Has(Rendered(directory.path()), "c 3"));
}

TEST_CASE("an archive with one changed byte is refused, and the next compaction puts it aside") {
  TemporaryDirectory directory;
  Dead(directory.path(),
       [](TestSegment& segment) { *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 3; });
  Compact(directory.path());
  Bytes bytes = test::ReadWholeFile(directory.File("archive"));
  for (size_t at : {size_t{200}, size_t{300}, size_t{4200}, bytes.size() - 1}) {
    Bytes changed = bytes;
    changed[at] ^= 1;
    test::WriteWholeFile(directory.File("archive"), changed);
    std::string text = Rendered(directory.path());
    CHECK_FALSE(Has(text, "c 3"));
    CHECK(Has(text, "prom_client_mmap_skipped_files{reason=\"corrupt\"} 1"));
  }
  Compact(directory.path());
  CHECK(::access(directory.File("archive.bad").c_str(), F_OK) == 0);
}

TEST_CASE("old ids are forgotten, but not those of segments that still exist") {
  TemporaryDirectory directory;
  ArchiveLimits limits;
  limits.compacted_ids = 2;
  Bytes first;
  std::string first_name;
  for (int i = 0; i < 6; i++) {
    Dead(directory.path(),
         [](TestSegment& segment) { *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 1; });
    if (i == 0) {
      first_name = Segments(directory).at(0);
      first = test::ReadWholeFile(directory.File(first_name));
    }
    Compact(directory.path(), limits);
    test::WriteWholeFile(directory.File(first_name), first);  // a backup brings it back each time
  }
  UniqueFd open = OpenDirectory(directory.path());
  ArchiveFile archive;
  REQUIRE(archive.Update(open.get()) == SkipReason::kNone);
  CHECK(archive.HasCompacted(test::HeaderOf(first)));
  CHECK(archive.reader().compacted().size() <= 4);
  CHECK(Has(Rendered(directory.path()), "c 6"));
}

TEST_CASE("threads that have ended stay where the processes are shown apart, as long as theirs lives") {
  TemporaryDirectory directory;
  CompactionTask task{{}, kNowMs, 0, nullptr, true};
  OwnerIdentity thread = CurrentOwner(3);
  thread.tid = 1u << 30;  // no thread has this number
  OwnerIdentity of_dead_process = thread;
  of_dead_process.start_ticks++;
  for (const OwnerIdentity& owner : {thread, of_dead_process}) {
    TestSegment segment = TestSegment::InFile(directory.path(), owner);
    *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 1;
    segment.owner().Close();
  }
  CHECK(CompactDead(directory.path(), CurrentOwner(0), task).value() == 1);
  CHECK(Segments(directory).size() == 1);
  CHECK(CompactDead(directory.path(), CurrentOwner(0), task).value() == 0);
  CHECK(Has(Rendered(directory.path()), "c 2"));
  CHECK(Compact(directory.path()) == 1);
  CHECK(Has(Rendered(directory.path()), "c 2"));
}

}  // namespace
}  // namespace prom
