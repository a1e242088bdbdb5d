// Processes that count, and are killed, while another scrapes their group.
#include <doctest/doctest.h>
#include <poll.h>

#include <algorithm>
#include <string>
#include <vector>

#include "group/group.h"
#include "support/child.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/scrapes.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::MergeMode;
using test::Child;
using test::Number;
using test::Rendered;
using test::RenderedAnew;
using test::Shown;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

// Counts `times` in its own segment at each signal, answers after half of them and after all, and lives on.
Child CountingChild(const std::string& directory, int times) {
  Child child([&](const Child::Line& line) {
    auto* segment = new TestSegment(TestSegment::InFile(directory));
    TestSeries counter = segment->Series(segment->Family(test::CounterFamily("c")));
    TestSeries histogram = segment->Series(segment->Family(test::HistogramFamily("h", {1, 2})));
    uint32_t summary_family = segment->Family(test::SummaryFamily("s", {0.5, 1}));
    TestSeries summary = segment->Series(summary_family);
    *segment->Series(segment->Family(test::GaugeFamily("live", MergeMode::kLiveSum))).cells = 1;
    *segment->Series(segment->Family(test::GaugeFamily("ever", MergeMode::kSum))).cells = 1;
    line.Tell('r');
    line.Hear();
    for (int i = 1; i <= times; i++) {
      if (i == times / 2 + 1) {
        line.Tell('h');
        line.Hear();
      }
      counter.Increment();
      histogram.Observe(1.5);
      if (i % 100 == 0) segment->ObserveSummary(summary, i);
      // Series that come while others scrape.
      if (i % 100'000 == 0) {
        *segment->Series(segment->Family(test::CounterFamily("late_" + std::to_string(i)))).cells = 1;
      }
    }
    line.Tell('d');
  });
  REQUIRE(child.Hear() == 'r');
  return child;
}

// True when the child has said something, or is dead.
bool Spoke(const Child& child) {
  pollfd wait{child.line(), POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

TEST_CASE("several processes count while another scrapes: nothing goes back and nothing is lost") {
  constexpr int kTimes = 400'000;
  constexpr int kChildren = 3;
  TemporaryDirectory directory;
  std::vector<Child> children;
  for (int i = 0; i < kChildren; i++) children.push_back(CountingChild(directory.path(), kTimes));
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Shown(Rendered(group), "c") == "0");
  for (const Child& child : children) child.Tell('g');

  double counter = 0;
  double histogram = 0;
  auto scrape_until_all_spoke = [&] {
    do {
      std::string text = Rendered(group);
      double now = Number(text, "c");
      if (now < counter) CHECK_MESSAGE(false, "the counter went back from " << counter << " to " << now);
      counter = now;
      now = Number(text, "h_count");
      if (now < histogram)
        CHECK_MESSAGE(false, "the histogram went back from " << histogram << " to " << now);
      histogram = now;
      if (Number(text, "h_bucket{le=\"+Inf\"}") != now)
        CHECK_MESSAGE(false, "the last bucket is not the count");
      if (Number(text, "h_bucket{le=\"2\"}") != now)
        CHECK_MESSAGE(false, "an observation is in a wrong bucket");
    } while (!std::all_of(children.begin(), children.end(), Spoke));
    for (const Child& child : children) child.Hear();
  };
  scrape_until_all_spoke();
  CHECK(Number(Rendered(group), "c") == kChildren * kTimes / 2);
  CHECK(Number(Rendered(group), "h_sum") == 1.5 * kChildren * kTimes / 2);
  for (const Child& child : children) child.Tell('g');
  scrape_until_all_spoke();
  std::string text = Rendered(group);
  CHECK(Number(text, "c") == kChildren * kTimes);
  CHECK(Number(text, "h_count") == kChildren * kTimes);
  CHECK(Number(text, "h_sum") == 1.5 * kChildren * kTimes);
  CHECK(Number(text, "s_count") == kChildren * kTimes / 100);
  CHECK(Number(text, "s{quantile=\"1\"}") == kTimes);
  CHECK(Number(text, "s{quantile=\"0.5\"}") == doctest::Approx(kTimes / 2).epsilon(0.0109));
  CHECK(Number(text, "late_" + std::to_string(kTimes)) == kChildren);
  CHECK(Number(text, "live") == kChildren);
  CHECK(text == RenderedAnew(directory.path()));
  CHECK(text.find("skipped") == std::string::npos);

  // Dead owners still count, except in `live` modes.
  for (int killed = 1; killed <= kChildren; killed++) {
    Child& child = children[static_cast<size_t>(killed) - 1];
    child.Kill();
    child.AwaitZombie();
    text = Rendered(group);
    CHECK(Number(text, "c") == kChildren * kTimes);
    CHECK(Number(text, "h_sum") == 1.5 * kChildren * kTimes);
    CHECK(Number(text, "ever") == kChildren);
    CHECK(Shown(text, "live") == (killed == kChildren ? "absent" : std::to_string(kChildren - killed)));
    child.Reap();
    CHECK(Rendered(group) == text);
    CHECK(RenderedAnew(directory.path()) == text);
  }
}

TEST_CASE("the counts of a process that is killed while it counts are kept") {
  TemporaryDirectory directory;
  TestSegment own = TestSegment::InFile(directory.path());
  *own.Series(own.Family(test::CounterFamily("c"))).cells = 1000;
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 0; round < 5; round++) {
    Child child = CountingChild(directory.path(), 1'000'000'000);
    double before = Number(Rendered(group), "c");
    child.Tell('g');
    double seen = before;
    while (seen < before + 1000 * (round + 1)) seen = Number(Rendered(group), "c");
    child.Kill();
    child.AwaitZombie();
    std::string text = Rendered(group);
    CHECK(Number(text, "c") >= seen);
    CHECK(Rendered(group) == text);
    CHECK(RenderedAnew(directory.path()) == text);
    // Increments come first: at most one observation is cut short by each death.
    CHECK(Number(text, "c") - 1000 - Number(text, "h_count") <= round + 1);
    CHECK(Number(text, "c") - 1000 >= Number(text, "h_count"));
    CHECK(Number(text, "h_bucket{le=\"+Inf\"}") == Number(text, "h_count"));
  }
}

}  // namespace
}  // namespace prom
