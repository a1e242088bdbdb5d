#include "group/group.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/exposition.h"
#include "support/files.h"
#include "support/scrapes.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::MergeMode;
using test::kGlobal;
using test::Number;
using test::Of;
using test::Rendered;
using test::RenderedAnew;
using test::SegmentImage;
using test::Shown;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;
using test::With;

// A file of an owner that is dead for long, with one gauge of mode `all`.
void WriteOwner(const TemporaryDirectory& directory, uint64_t created, double value,
                const std::function<void(layout::Header&)>& change) {
  SegmentImage image;
  image.header().segment_id[0] = static_cast<uint8_t>(created);
  image.header().created_realtime_ns = created;
  image.header().pid = image.header().tid = 100;
  change(image.header());
  test::RepairHeaderCrc(image.bytes());
  image.Scope(0, "");
  image.Family(1, test::GaugeFamily("g", MergeMode::kAll));
  uint64_t cell = image.Cells(1);
  image.Series(1, 1, cell);
  *image.cells(cell) = value;
  test::WriteWholeFile(directory.File("s." + std::to_string(9 - created)), image.bytes());
}

TEST_CASE(
    "the pid label tells threads from each other, and pid namespaces and processes that share a number") {
  TemporaryDirectory directory;
  WriteOwner(directory, 1, 1, [](layout::Header&) {});
  WriteOwner(directory, 2, 2, [](layout::Header& header) {
    header.worker_thread = 3;
    header.tid = 103;
  });
  WriteOwner(directory, 3, 3, [](layout::Header& header) { header.pid_namespace = 5; });
  WriteOwner(directory, 4, 4, [](layout::Header& header) { header.start_ticks = 7; });
  WriteOwner(directory, 5, 5, [](layout::Header& header) { header.pid = header.tid = 101; });
  WriteOwner(directory, 6, 6, [](layout::Header& header) {
    header.worker_thread = 3;
    header.tid = 103;
    header.boot_id[0] = 1;
  });
  std::string text = RenderedAnew(directory.path());
  CHECK(text == R"(# HELP g g help
# TYPE g gauge
g{pid="100"} 1
g{pid="100-3"} 2
g{pid="100#2"} 3
g{pid="100#3"} 4
g{pid="101"} 5
g{pid="100-3#2"} 6
)");
}

TEST_CASE("an owner's second segment has its owner's pid label") {
  TemporaryDirectory directory;
  TestSegment in_file = TestSegment::InFile(directory.path());
  TestSegment in_memory = TestSegment::InMemory();
  for (TestSegment* segment : {&in_file, &in_memory}) {
    uint32_t family = segment->Family(test::GaugeFamily("g", MergeMode::kAll, {"l"}));
    *segment->Series(family, {segment == &in_file ? "file" : "memory"}).cells = 1;
  }
  Group group(directory.path(), CurrentOwner(0));
  std::string text = Rendered(group, With(in_memory));
  std::string pid = std::to_string(::getpid());
  CHECK(Shown(text, "g{l=\"file\",pid=\"" + pid + "\"}") == "1");
  CHECK(Shown(text, "g{l=\"memory\",pid=\"" + pid + "\"}") == "1");
}

TEST_CASE("private segments count like files, and only for the scrape that has them") {
  TemporaryDirectory directory;
  TestSegment in_file = TestSegment::InFile(directory.path());
  *in_file.Series(in_file.Family(test::CounterFamily("c"))).cells = 1;
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 0; round < 5; round++) {
    TestSegment in_memory = TestSegment::InMemory();
    uint32_t family = in_memory.Family(test::CounterFamily("c"));
    *in_memory.Series(family).cells = 10 + round;
    Scrape scrape = With(in_memory);
    CHECK(Number(Rendered(group, scrape), "c") == 11 + round);
    *in_memory.Series(family).cells = 100;
    CHECK(Number(Rendered(group, scrape), "c") == 111 + round);
    CHECK(Number(Rendered(group), "c") == 1);
  }
  Group nowhere("", CurrentOwner(0));
  TestSegment in_memory = TestSegment::InMemory();
  *in_memory.Series(in_memory.Family(test::CounterFamily("c"))).cells = 5;
  CHECK(Number(Rendered(nowhere, With(in_memory)), "c") == 5);
}

TEST_CASE("a scrape of one family gives it alone, and nothing when there is none of that name") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("a"))).cells = 1;
  *segment.Series(segment.Family(test::CounterFamily("b"))).cells = 2;
  test::WriteWholeFile(directory.File("foreign"), {1});
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Rendered(group, Of(kGlobal, "b")) == "# HELP b b help\n# TYPE b counter\nb 2\n");
  CHECK(Rendered(group, Of(kGlobal, "z")) == "\n");
  CHECK(Rendered(group, Of(kGlobal, "z", Format::kJson)) == "");
  CHECK(Rendered(group, Of(kGlobal, "a", Format::kJson)) ==
        "{\"name\":\"a\",\"help\":\"a help\",\"type\":\"counter\",\"mode\":\"sum\",\"bounds\":[]},\n"
        "{\"labels\":[],\"defaults\":[],\"values\":[1]},\n");
}

TEST_CASE("many views take turns on one group") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  constexpr uint32_t kScopes = 20;
  std::vector<TestSeries> counters;
  for (uint32_t scope = 0; scope < kScopes; scope++) {
    segment.Scope(scope, std::to_string(scope));
    counters.push_back(segment.Series(segment.Family(test::CounterFamily("c"), scope)));
  }
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 1; round < 4; round++) {
    for (uint32_t scope = 0; scope < kScopes; scope++) *counters[scope].cells += scope;
    for (uint32_t scope = 0; scope < kScopes; scope++) {
      std::string text = Rendered(group, Of({{std::to_string(scope)}, true}));
      CHECK(Number(text, "c") == scope * static_cast<uint32_t>(round));
    }
  }
}

TEST_CASE("a view that was not scraped while its segment was hidden is planned anew") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::HistogramFamily("h", {1}, {"l"}, MergeMode::kMax));
  TestSeries removed = segment.Series(family, {"removed"});
  removed.Observe(0.5);
  segment.Series(family, {"kept"}).Observe(0.5);
  Group group(directory.path(), CurrentOwner(0));
  Rendered(group);
  std::string hidden = directory.File(".hidden");
  REQUIRE(::rename(segment.writer().path().c_str(), hidden.c_str()) == 0);
  Rendered(group, Of({{"another"}, true}));
  REQUIRE(::rename(hidden.c_str(), segment.writer().path().c_str()) == 0);
  segment.Remove(removed);
  CHECK(Rendered(group) == RenderedAnew(directory.path()));
}

TEST_CASE("threads may scrape one group at once") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  for (int i = 0; i < 50; i++) {
    *segment.Series(segment.Family(test::CounterFamily("c" + std::to_string(i)))).cells = i;
  }
  Group group(directory.path(), CurrentOwner(0));
  std::string expected = RenderedAnew(directory.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; round++) {
        if (i == 0) {
          Rendered(group, Of(kGlobal, std::nullopt, Format::kJson));
        } else if (Rendered(group) != expected) {
          FAIL_CHECK("another exposition");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("an owner that was rewritten and compacted since the last scrape counts once") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries counted = segment.Series(segment.Family(test::CounterFamily("c")));
  for (int i = 0; i < 3; i++) counted.Increment();
  Group group(directory.path(), CurrentOwner(0));
  Group later(directory.path(), CurrentOwner(0));
  REQUIRE(Number(Rendered(group), "c") == 3);
  for (int i = 0; i < 2; i++) {
    segment.Rewrite();
    counted.Increment();
    if (i == 0) REQUIRE(Number(Rendered(later), "c") == 4);
  }
  segment.owner().Close();
  REQUIRE(group.Compact({}, 0, false).value() == 1);

  CHECK(Number(Rendered(group), "c") == 5);
  CHECK(Number(Rendered(later), "c") == 5);
  CHECK(Number(RenderedAnew(directory.path()), "c") == 5);
}

// As a changed `aggregator` does it.
void Redefine(TestSegment& segment, FamilyRecord family, uint32_t id) {
  uint32_t earlier = segment.last_family_record();
  family.id = id;
  REQUIRE(segment.writer().Append(layout::RecordType::kFamily, Encode(family)).ok());
  segment.writer().Remove(earlier);
}

TEST_CASE("a family that is registered again keeps its series, also over a rewrite") {
  TemporaryDirectory directory;
  Group group(directory.path(), CurrentOwner(0));
  std::vector<TestSegment> segments;
  std::vector<TestSeries> series;
  std::vector<uint32_t> families;
  for (double value : {2, 5}) {
    segments.push_back(TestSegment::InFile(directory.path()));
    families.push_back(segments.back().Family(test::GaugeFamily("g", MergeMode::kLiveSum, {"l"})));
    series.push_back(segments.back().Series(families.back(), {"a"}));
    *series.back().cells = value;
  }
  REQUIRE(Number(Rendered(group), "g{l=\"a\"}") == 7);
  for (size_t i = 0; i < 2; i++) {
    Redefine(segments[i], test::GaugeFamily("g", MergeMode::kLiveMax, {"l"}), families[i]);
    *segments[i].Series(families[i], {"b"}).cells = 1;
  }
  CHECK(Number(Rendered(group), "g{l=\"a\"}") == 5);
  CHECK(Number(Rendered(group), "g{l=\"b\"}") == 1);
  for (size_t i = 0; i < 2; i++) segments[i].Rewrite();
  *series[0].cells = 6;
  CHECK(Number(Rendered(group), "g{l=\"a\"}") == 6);
  CHECK(Number(RenderedAnew(directory.path()), "g{l=\"a\"}") == 6);
  CHECK(Number(RenderedAnew(directory.path()), "g{l=\"b\"}") == 1);
}

TEST_CASE("a view of a process shows its owners, alive and dead, and nothing of others or of the archive") {
  TemporaryDirectory directory;
  auto process = [](uint32_t pid) { return ProcessIdentity{pid, 7, 9, {}}; };
  auto write = [&](uint64_t created, double value, const ProcessIdentity& owner, uint32_t thread) {
    WriteOwner(directory, created, value, [&](layout::Header& header) {
      header.pid = owner.pid;
      header.tid = owner.pid + thread;
      header.worker_thread = thread;
      header.pid_namespace = owner.pid_namespace;
      header.start_ticks = owner.start_ticks;
    });
  };
  ProcessIdentity later = process(100);
  later.start_ticks++;
  write(1, 1, process(100), 0);
  write(2, 2, process(100), 3);
  write(3, 3, process(101), 0);
  write(4, 4, later, 0);
  Scrape scrape = Of(kGlobal);
  scrape.view.process = process(100);
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Rendered(group, scrape) == "# HELP g g help\n# TYPE g gauge\ng{pid=\"100\"} 1\ng{pid=\"100-3\"} 2\n");
  CHECK(Number(Rendered(group), "g{pid=\"101\"}") == 3);
  scrape.view.process = process(102);
  CHECK(Rendered(group, scrape) == "\n");
}

}  // namespace
}  // namespace prom
