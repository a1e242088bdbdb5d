#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "render/render.h"
#include "support/merging.h"

namespace prom {
namespace {

using layout::LabelKind;

std::string OpenMetrics2(Owners& owners, Escaping escaping = Escaping::kUtf8,
                         SelfMetricsShown shown = SelfMetricsShown::kNone) {
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  GroupStats stats;
  stats.shown = shown;
  TextBuffer out;
  Render(merge, Format::kOpenMetrics2, escaping, std::nullopt, stats, out);
  return std::string(out.view());
}

TEST_CASE("OpenMetrics 2 has one sample for each series, and leaves out what it forbids") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  uint32_t counter = segment.Family(CounterFamily("c_total", {"l"}));
  *segment.Series(counter, {"a"}).cells = 2.5;
  *segment.Series(counter, {"negative"}).cells = -1;
  *segment.Series(counter, {"nan"}).cells = NAN;
  uint32_t histogram = segment.Family(HistogramFamily("h", {0.00001, 1, 1, INFINITY}));
  TestSeries observed = segment.Series(histogram);
  for (double value : {0.5, 3.0}) observed.Observe(value);
  uint32_t summary = segment.Family(SummaryFamily("s", {1, 0.5, 0.5, 2}, 1, INFINITY));
  TestSeries summed = segment.Series(summary);
  segment.ObserveSummary(summed, 3);
  uint32_t below = segment.Family(SummaryFamily("below", {0.5}, 1, INFINITY));
  TestSeries negative = segment.Series(below);
  segment.ObserveSummary(negative, -3);
  segment.Family(GaugeFamily("g", layout::MergeMode::kSum));

  CHECK(OpenMetrics2(owners) == R"(# TYPE c_total counter
# HELP c_total c_total help
c_total{l="a"} 2.5
# TYPE h histogram
# HELP h h help
h {count:2,sum:3.5,bucket:[1e-05:0,1.0:1,+Inf:2]}
# TYPE s summary
# HELP s s help
s {count:1,sum:3,quantile:[0.5:3,1.0:3]}
# TYPE below summary
# HELP below below help
# TYPE g gauge
# HELP g g help
# EOF
)");
}

TEST_CASE("OpenMetrics 2 has names in quotation marks, or as the reader accepts them") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  FamilyRecord family = CounterFamily("a.b_seconds_total", {"c-d"});
  family.unit = "seconds";
  uint32_t counter = segment.Family(family);
  *segment.Series(counter, {"x\"y"}).cells = 1;
  *segment.Series(counter).cells = 2;
  std::string quoted = OpenMetrics2(owners);
  CHECK(quoted.find("# UNIT \"a.b_seconds_total\" seconds\n") != std::string::npos);
  CHECK(quoted.find("\n{\"a.b_seconds_total\",\"c-d\"=\"x\\\"y\"} 1\n") != std::string::npos);
  CHECK(quoted.find("\n{\"a.b_seconds_total\"} 2\n") != std::string::npos);
  std::string legacy = OpenMetrics2(owners, Escaping::kUnderscores);
  CHECK(legacy.find("\na_b_seconds_total{c_d=\"x\\\"y\"} 1\na_b_seconds_total 2\n") != std::string::npos);
}

TEST_CASE("OpenMetrics 2 has self-metrics, with counters by their full names") {
  Owners owners;
  std::string text = OpenMetrics2(owners, Escaping::kUtf8, SelfMetricsShown::kAll);
  CHECK(text.find("# TYPE prom_client_mmap_compacted_owners_total counter\n") != std::string::npos);
  CHECK(text.find("\nprom_client_mmap_compacted_owners_total 0\n") != std::string::npos);
  CHECK(text.ends_with("\n# EOF\n"));
}

TEST_CASE("where classic buckets have more observations than exponential ones, these alone are shown") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  TestSeries series = segment.Series(segment.Family(HistogramFamily("h", {1})));
  segment.Native(series, 3, 0)[layout::kNativeZero] = 1;
  series.Observe(0);
  const std::string native = "h {count:1,sum:0,schema:3,zero_threshold:0,zero_count:1";
  CHECK(OpenMetrics2(owners).find(native + ",bucket:[1.0:1,+Inf:1]}\n") != std::string::npos);
  series.Observe(0);
  CHECK(OpenMetrics2(owners).find(native + "}\n") != std::string::npos);
}

}  // namespace
}  // namespace prom
