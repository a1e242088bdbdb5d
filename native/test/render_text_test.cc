#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "base/text_buffer.h"
#include "render/render.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using test::TestSegment;
using test::TestSeries;

// One of everything that text and JSON have to say.
TestSegment Everything() {
  TestSegment segment = TestSegment::InMemory();
  segment.Scope(0, "", {{"zone", LabelKind::kString, "z\"1\""}, {"code", LabelKind::kNumber, "7"}});

  FamilyRecord requests = test::CounterFamily("requests", {"path", "code", "odd"});
  requests.help = "Requests, \\ by\npath \"quoted\".";
  uint32_t counter = segment.Family(requests);
  *segment.Series(counter).cells = 0;
  *segment.SeriesOf(counter, {{0, LabelKind::kString, "/a\\b\n\"c\""}, {1, LabelKind::kNumber, "200"}})
       .cells = 12.5;
  *segment.SeriesOf(counter, {{2, LabelKind::kOther, "[\"raw\"]"}, {0, LabelKind::kNull, "null"}}).cells =
      1e21;
  *segment.SeriesOf(counter, {{0, LabelKind::kBoolean, "true"}, {1, LabelKind::kUndefined, "undefined"}})
       .cells = 3;

  uint32_t gauge = segment.Family(test::GaugeFamily("g", MergeMode::kSum, {"v"}));
  *segment.Series(gauge, {"nan"}).cells = NAN;
  *segment.Series(gauge, {"inf"}).cells = INFINITY;
  *segment.Series(gauge, {"-inf"}).cells = -INFINITY;
  *segment.Series(gauge, {"small"}).cells = -1.5e-7;
  *segment.Series(gauge, {"\xc3\xa9\x01\t"}).cells = -0.0;

  uint32_t histogram = segment.Family(test::HistogramFamily("h", {0.005, 1, 1e21}, {"l"}));
  TestSeries observed = segment.Series(histogram, {"x"});
  for (double value : {0.001, 0.5, 0.5, 1e300}) observed.Observe(value);

  uint32_t summary = segment.Family(test::SummaryFamily("s", {0, 1}, 1, INFINITY, {"l"}));
  TestSeries summed = segment.Series(summary, {"x"});
  for (double value : {2.0, 8.0}) segment.ObserveSummary(summed, value);

  segment.Family(test::GaugeFamily("empty", MergeMode::kMostRecent));
  return segment;
}

struct Rendered {
  std::string text;
  std::string json;
  bool text_is_ascii;
};

Rendered Render(const TestSegment& segment, const std::optional<std::string>& name = std::nullopt,
                const GroupStats* stats = nullptr, bool default_labels = true,
                Format format = Format::kText) {
  SegmentReader reader;
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  Merge merge({{""}, default_labels});
  std::vector<MergeInput> inputs = {{&reader, true, true, "1"}};
  merge.Run(inputs, 0);
  TextBuffer text;
  FamilyNames names;
  if (name) names = {{*name}};
  RenderText(merge, format, Escaping::kUnderscores, names, stats, text);
  TextBuffer json;
  RenderJson(merge, names, json);
  CHECK((!text.is_ascii() || IsAscii(text.view())));
  CHECK(json.is_ascii() == IsAscii(json.view()));
  return {std::string(text.view()), std::string(json.view()), text.is_ascii()};
}

std::string OpenMetrics(const TestSegment& segment) {
  return Render(segment, std::nullopt, nullptr, true, Format::kOpenMetrics).text;
}

TEST_CASE("the text of everything is prom-client's to the byte") {
  const std::string expected = R"(# HELP requests Requests, \\ by\npath "quoted".
# TYPE requests counter
requests{zone="z\"1\"",code="7"} 0
requests{path="/a\\b\n\"c\"",code="200",zone="z\"1\""} 12.5
requests{odd="["raw"]",path="null",zone="z\"1\"",code="7"} 1e+21
requests{path="true",code="undefined",zone="z\"1\""} 3

# HELP g g help
# TYPE g gauge
g{v="nan",zone="z\"1\"",code="7"} Nan
g{v="inf",zone="z\"1\"",code="7"} +Inf
g{v="-inf",zone="z\"1\"",code="7"} -Inf
g{v="small",zone="z\"1\"",code="7"} -1.5e-7
g{v=")"
                               "\xc3\xa9\x01\t"
                               R"(",zone="z\"1\"",code="7"} 0

# HELP h h help
# TYPE h histogram
h_bucket{le="0.005",zone="z\"1\"",code="7",l="x"} 1
h_bucket{le="1",zone="z\"1\"",code="7",l="x"} 3
h_bucket{le="1e+21",zone="z\"1\"",code="7",l="x"} 3
h_bucket{le="+Inf",zone="z\"1\"",code="7",l="x"} 4
h_sum{zone="z\"1\"",code="7",l="x"} 1e+300
h_count{zone="z\"1\"",code="7",l="x"} 4

# HELP s s help
# TYPE s summary
s{quantile="0",l="x",zone="z\"1\"",code="7"} 2
s{quantile="1",l="x",zone="z\"1\"",code="7"} 8
s_sum{l="x",zone="z\"1\"",code="7"} 10
s_count{l="x",zone="z\"1\"",code="7"} 2

# HELP empty empty help
# TYPE empty gauge
)";
  CHECK(Render(Everything()).text == expected);
}

TEST_CASE(
    "the JSON of everything has the kind of each label, and strings for numbers that JSON cannot express") {
  const std::string defaults = R"([["zone","string","z\"1\""],["code","number","7"]])";
  const std::string expected =
      R"({"name":"requests","help":"Requests, \\ by\u000apath \"quoted\".","type":"counter","mode":"sum","bounds":[]},)"
      "\n"
      R"({"labels":[],"defaults":)" +
      defaults +
      R"(,"values":[0]},)"
      "\n"
      R"({"labels":[["path","string","/a\\b\u000a\"c\""],["code","number","200"]],"defaults":)" +
      defaults +
      R"(,"values":[12.5]},)"
      "\n"
      R"({"labels":[["odd","other","[\"raw\"]"],["path","null","null"]],"defaults":)" +
      defaults +
      R"(,"values":[1e+21]},)"
      "\n"
      R"({"labels":[["path","boolean","true"],["code","undefined","undefined"]],"defaults":)" +
      defaults +
      R"(,"values":[3]},)"
      "\n"
      R"({"name":"g","help":"g help","type":"gauge","mode":"sum","bounds":[]},)"
      "\n"
      R"({"labels":[["v","string","nan"]],"defaults":)" +
      defaults +
      R"(,"values":["NaN"]},)"
      "\n"
      R"({"labels":[["v","string","inf"]],"defaults":)" +
      defaults +
      R"(,"values":["Infinity"]},)"
      "\n"
      R"({"labels":[["v","string","-inf"]],"defaults":)" +
      defaults +
      R"(,"values":["-Infinity"]},)"
      "\n"
      R"({"labels":[["v","string","small"]],"defaults":)" +
      defaults +
      R"(,"values":[-1.5e-7]},)"
      "\n"
      R"({"labels":[["v","string",")"
      "\xc3\xa9"
      R"(\u0001\u0009"]],"defaults":)" +
      defaults +
      R"(,"values":[0]},)"
      "\n"
      R"({"name":"h","help":"h help","type":"histogram","mode":"sum","bounds":[0.005,1,1e+21]},)"
      "\n"
      R"({"labels":[["l","string","x"]],"defaults":)" +
      defaults +
      R"(,"values":[1e+300,1,3,3,4]},)"
      "\n"
      R"({"name":"s","help":"s help","type":"summary","mode":"sum","bounds":[0,1]},)"
      "\n"
      R"({"labels":[["l","string","x"]],"defaults":)" +
      defaults +
      R"(,"values":[2,8,10,2]},)"
      "\n"
      R"({"name":"empty","help":"empty help","type":"gauge","mode":"mostrecent","bounds":[]},)"
      "\n";
  CHECK(Render(Everything()).json == expected);
}

TEST_CASE("a text is known for ASCII unless a help, a label or a default label is not") {
  auto is_ascii = [](const char* help, const char* label, const char* default_label) {
    TestSegment segment = TestSegment::InMemory();
    segment.Scope(0, "", {{"zone", LabelKind::kString, default_label}});
    FamilyRecord requests = test::CounterFamily("requests", {"path"});
    requests.help = help;
    uint32_t family = segment.Family(requests);
    for (const char* path : {"a", label, "b"}) segment.Series(family, {path}).Increment();
    return Render(segment).text_is_ascii;
  };
  CHECK(is_ascii("Requests by path.", "/a", "north"));
  CHECK_FALSE(is_ascii("Requests of \xc3\xa9.", "/a", "north"));
  CHECK_FALSE(is_ascii("Requests by path.", "/\xc3\xa9", "north"));
  CHECK_FALSE(is_ascii("Requests by path.", "/a", "\xc3\xa9"));
}

TEST_CASE("one family alone has no final line feed") {
  CHECK(Render(Everything(), "empty").text == "# HELP empty empty help\n# TYPE empty gauge\n");
  CHECK(Render(Everything(), "s", nullptr, false).text == R"(# HELP s s help
# TYPE s summary
s{quantile="0",l="x"} 2
s{quantile="1",l="x"} 8
s_sum{l="x"} 10
s_count{l="x"} 2
)");
  CHECK(Render(Everything(), "none").text == "\n");
  CHECK(Render(Everything(), "none").json == "");
}

TEST_CASE("skipped files come after the families, and only when there are some") {
  GroupStats stats;
  stats.live = 3;
  CHECK(Render(TestSegment::InMemory(), std::nullopt, &stats).text == "\n");
  stats.skipped[SkipReason::kCorrupt] = 2;
  stats.skipped[SkipReason::kForeign] = 1;
  const std::string skipped =
      R"(# HELP prom_client_mmap_skipped_files Files in the group's directory that were not read, by reason.
# TYPE prom_client_mmap_skipped_files gauge
prom_client_mmap_skipped_files{reason="foreign"} 1
prom_client_mmap_skipped_files{reason="corrupt"} 2
)";
  CHECK(Render(TestSegment::InMemory(), std::nullopt, &stats).text == skipped);
  CHECK(Render(Everything(), std::nullopt, &stats).text.ends_with("\n# TYPE empty gauge\n\n" + skipped));
  CHECK(Render(Everything(), "empty", &stats).text == "# HELP empty empty help\n# TYPE empty gauge\n");
}

TEST_CASE("OpenMetrics is as its specification has it") {
  const std::string expected = R"(# TYPE requests unknown
# HELP requests Requests, \\ by\npath \"quoted\".
requests{zone="z\"1\"",code="7"} 0
requests{path="/a\\b\n\"c\"",code="200",zone="z\"1\""} 12.5
requests{odd="[\"raw\"]",path="null",zone="z\"1\"",code="7"} 1e+21
requests{path="true",code="undefined",zone="z\"1\""} 3
# TYPE g gauge
# HELP g g help
g{v="nan",zone="z\"1\"",code="7"} NaN
g{v="inf",zone="z\"1\"",code="7"} +Inf
g{v="-inf",zone="z\"1\"",code="7"} -Inf
g{v="small",zone="z\"1\"",code="7"} -1.5e-7
g{v=")"
                               "\xc3\xa9\x01\t"
                               R"(",zone="z\"1\"",code="7"} 0
# TYPE h histogram
# HELP h h help
h_bucket{le="0.005",zone="z\"1\"",code="7",l="x"} 1
h_bucket{le="1.0",zone="z\"1\"",code="7",l="x"} 3
h_bucket{le="1e+21",zone="z\"1\"",code="7",l="x"} 3
h_bucket{le="+Inf",zone="z\"1\"",code="7",l="x"} 4
h_sum{zone="z\"1\"",code="7",l="x"} 1e+300
h_count{zone="z\"1\"",code="7",l="x"} 4
# TYPE s summary
# HELP s s help
s{quantile="0.0",l="x",zone="z\"1\"",code="7"} 2
s{quantile="1.0",l="x",zone="z\"1\"",code="7"} 8
s_sum{l="x",zone="z\"1\"",code="7"} 10
s_count{l="x",zone="z\"1\"",code="7"} 2
# TYPE empty gauge
# HELP empty empty help
# EOF
)";
  CHECK(OpenMetrics(Everything()) == expected);
  CHECK(OpenMetrics(TestSegment::InMemory()) == "# EOF\n");
}

TEST_CASE("a counter is one of OpenMetrics when its name ends in _total and no other family has the rest") {
  TestSegment segment = TestSegment::InMemory();
  for (const char* name : {"a_total", "b_total", "c_total", "_total"}) {
    *segment.Series(segment.Family(test::CounterFamily(name))).cells = 1;
  }
  segment.Family(test::GaugeFamily("b", MergeMode::kSum));
  segment.Family(test::GaugeFamily("c_created", MergeMode::kSum));
  std::string text = OpenMetrics(segment);
  CHECK(text.find("# TYPE a counter\n# HELP a a_total help\na_total 1\n") == 0);
  for (const char* name : {"b_total", "c_total", "_total"}) {
    CHECK(text.find("# TYPE " + std::string(name) + " unknown\n") != std::string::npos);
  }
}

TEST_CASE("OpenMetrics has no sample that it forbids") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t counter = segment.Family(test::CounterFamily("c_total", {"l"}));
  *segment.Series(counter, {"nan"}).cells = NAN;
  *segment.Series(counter, {"negative"}).cells = -1;
  *segment.Series(counter, {"inf"}).cells = INFINITY;
  segment.Series(segment.Family(test::HistogramFamily("below", {-1, 1}))).Observe(0.5);
  segment.Series(segment.Family(test::HistogramFamily("sum", {1}))).Observe(-3);
  TestSeries summed = segment.Series(segment.Family(test::SummaryFamily("s", {0, 1})));
  for (double value : {-2.0, 1.0}) segment.ObserveSummary(summed, value);
  segment.Series(segment.Family(test::SummaryFamily("none", {0.5})));
  CHECK(OpenMetrics(segment) == R"(# TYPE c counter
# HELP c c_total help
c_total{l="inf"} +Inf
# TYPE below histogram
# HELP below below help
below_bucket{le="-1.0"} 0
below_bucket{le="1.0"} 1
below_bucket{le="+Inf"} 1
# TYPE sum histogram
# HELP sum sum help
sum_bucket{le="1.0"} 1
sum_bucket{le="+Inf"} 1
# TYPE s summary
# HELP s s help
s{quantile="1.0"} 1
s_count 2
# TYPE none summary
# HELP none none help
none{quantile="0.5"} NaN
none_sum 0
none_count 0
# EOF
)");
}

TEST_CASE("histograms and summaries without bounds have their other samples") {
  TestSegment segment = TestSegment::InMemory();
  segment.Series(segment.Family(test::HistogramFamily("h", {}))).Observe(3);
  TestSeries summed = segment.Series(segment.Family(test::SummaryFamily("s", {})));
  segment.ObserveSummary(summed, 3);
  CHECK(Render(segment).text == R"(# HELP h h help
# TYPE h histogram
h_bucket{le="+Inf"} 1
h_sum 3
h_count 1

# HELP s s help
# TYPE s summary
s_sum 3
s_count 1
)");
}

}  // namespace
}  // namespace prom
