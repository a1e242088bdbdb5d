#include "../merge.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "../names.h"
#include "../render_json.h"
#include "../render_text.h"
#include "support.h"

namespace prom {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using test::TestSegment;
using test::TestSeries;

const View kGlobal{{""}, true};
constexpr double kNowMs = 1.7e12;

struct Owner {
  TestSegment segment = TestSegment::InMemory();
  SegmentReader reader;
  bool live = true;
  bool this_boot = true;
  std::string instance;

  void Read() {
    REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
    REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  }
};

// Owners, the oldest first.
struct Owners {
  std::deque<Owner> all;

  Owner& Add(bool live = true) {
    Owner& owner = all.emplace_back();
    owner.live = live;
    owner.instance = std::to_string(all.size());
    return owner;
  }
  // An owner of one unlabelled gauge.
  Owner& AddGauge(MergeMode mode, bool live, double value, double set_ms = 0) {
    Owner& owner = Add(live);
    TestSeries series = owner.segment.Series(owner.segment.Family(test::GaugeFamily("g", mode)));
    series.cells[0] = value;
    if (series.count == 2) series.cells[1] = set_ms;
    return owner;
  }
  std::vector<MergeInput> Inputs() {
    std::vector<MergeInput> inputs;
    for (Owner& owner : all) {
      owner.Read();
      inputs.push_back({&owner.reader, owner.live, owner.this_boot, owner.instance});
    }
    return inputs;
  }
};

std::string Text(const Merge& merge) {
  TextBuffer out;
  RenderText(merge, TextFormat::kPrometheus, std::nullopt, nullptr, out);
  return std::string(out.view());
}

std::string Json(const Merge& merge) {
  TextBuffer out;
  RenderJson(merge, std::nullopt, out);
  return std::string(out.view());
}

std::string Merged(Owners& owners, const View& view = kGlobal) {
  Merge merge(view);
  merge.Run(owners.Inputs(), kNowMs);
  return Text(merge);
}

// The value that the exposition shows of a sample, or why there is none.
std::string Shown(const std::string& text, const std::string& sample) {
  size_t at = text.find('\n' + sample + ' ');
  if (at == std::string::npos) return "absent";
  at += sample.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

std::string GaugeOf(Owners& owners) { return Shown(Merged(owners), "g"); }

TEST_CASE("every mode of a gauge takes the owners and the values that it names") {
  struct {
    MergeMode mode;
    const char* shown;
  } const cases[] = {
      {MergeMode::kSum, "17"},    {MergeMode::kLiveSum, "7"},   {MergeMode::kMin, "1"},
      {MergeMode::kLiveMin, "2"}, {MergeMode::kMax, "9"},       {MergeMode::kLiveMax, "5"},
      {MergeMode::kFirst, "5"},   {MergeMode::kAverage, "3.5"}, {MergeMode::kOmit, "absent"},
  };
  for (auto [mode, shown] : cases) {
    CAPTURE(std::string(kMergeModeNames[mode]));
    Owners owners;
    owners.AddGauge(mode, false, 9);
    owners.AddGauge(mode, true, 5);
    owners.AddGauge(mode, true, 2);
    owners.AddGauge(mode, false, 1);
    CHECK(GaugeOf(owners) == shown);
  }
}

TEST_CASE("live-only modes of dead owners have no sample, the others still do") {
  for (auto [mode, name] : kMergeModeNames.table) {
    CAPTURE(std::string(name));
    Owners owners;
    owners.AddGauge(mode, false, 4, 1);
    std::string text = Merged(owners);
    CHECK(text.starts_with("# HELP g g help\n# TYPE g gauge\n"));
    bool kept = mode == MergeMode::kSum || mode == MergeMode::kMin || mode == MergeMode::kMax ||
                mode == MergeMode::kMostRecent;
    CHECK(Shown(text, mode == MergeMode::kAll ? "g{pid=\"1\"}" : "g") ==
          (kept || mode == MergeMode::kAll ? "4" : "absent"));
  }
}

TEST_CASE("an owner's death between two scrapes moves the live modes and no other") {
  Owners owners;
  for (MergeMode mode : {MergeMode::kLiveSum, MergeMode::kSum}) {
    owners = {};
    owners.AddGauge(mode, true, 3);
    owners.AddGauge(mode, true, 4);
    Merge merge(kGlobal);
    merge.Run(owners.Inputs(), kNowMs);
    CHECK(Shown(Text(merge), "g") == "7");
    owners.all[1].live = false;
    merge.Run(owners.Inputs(), kNowMs);
    CHECK(Shown(Text(merge), "g") == (mode == MergeMode::kSum ? "7" : "3"));
  }
}

TEST_CASE("a NaN counts in a sum, and in a minimum or maximum only where there is nothing else") {
  for (bool first : {true, false}) {
    for (MergeMode mode : {MergeMode::kMin, MergeMode::kMax, MergeMode::kLiveMin, MergeMode::kLiveMax}) {
      Owners owners;
      owners.AddGauge(mode, true, first ? NAN : 5);
      owners.AddGauge(mode, true, first ? 5 : NAN);
      CHECK(GaugeOf(owners) == "5");
      Owners nothing;
      nothing.AddGauge(mode, true, NAN);
      nothing.AddGauge(mode, true, NAN);
      CHECK(GaugeOf(nothing) == "Nan");
    }
    for (MergeMode mode : {MergeMode::kSum, MergeMode::kAverage}) {
      Owners owners;
      owners.AddGauge(mode, true, first ? NAN : 5);
      owners.AddGauge(mode, true, first ? 5 : NAN);
      CHECK(GaugeOf(owners) == "Nan");
    }
  }
}

TEST_CASE("minimum and maximum know infinities and negative numbers") {
  for (auto [mode, shown] : {std::pair{MergeMode::kMin, "-Inf"}, std::pair{MergeMode::kMax, "-3"}}) {
    Owners owners;
    owners.AddGauge(mode, true, -3);
    owners.AddGauge(mode, true, -INFINITY);
    owners.AddGauge(mode, true, -4);
    CHECK(GaugeOf(owners) == shown);
  }
}

TEST_CASE("omit shows the gauge of a single live owner, and hides the family as soon as there are two") {
  Owners owners;
  owners.AddGauge(MergeMode::kOmit, true, 4);
  owners.AddGauge(MergeMode::kOmit, false, 5);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g") == "4");
  owners.all[1].live = true;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Text(merge) == "\n");
  CHECK(Json(merge) == "[]");
  owners.all[0].live = false;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g") == "5");
}

TEST_CASE("mostrecent takes the last set, and the older owner's when two were set at once") {
  Owners owners;
  owners.AddGauge(MergeMode::kMostRecent, true, 1, 100);
  owners.AddGauge(MergeMode::kMostRecent, false, 2, 200);
  owners.AddGauge(MergeMode::kMostRecent, true, 3, 200);
  owners.AddGauge(MergeMode::kMostRecent, true, 4, 50);
  CHECK(GaugeOf(owners) == "2");
}

TEST_CASE("livemostrecent falls back to a living owner's value") {
  Owners owners;
  owners.AddGauge(MergeMode::kLiveMostRecent, true, 1, 100);
  owners.AddGauge(MergeMode::kLiveMostRecent, true, 2, 200);
  CHECK(GaugeOf(owners) == "2");
  owners.all[1].live = false;
  CHECK(GaugeOf(owners) == "1");
}

TEST_CASE("a mostrecent gauge that nobody set has no sample, whatever its value") {
  for (MergeMode mode : {MergeMode::kMostRecent, MergeMode::kLiveMostRecent}) {
    Owners owners;
    owners.AddGauge(mode, true, 7, 0);
    CHECK(GaugeOf(owners) == "absent");
    owners.AddGauge(mode, true, 8, 1);
    CHECK(GaugeOf(owners) == "8");
  }
}

TEST_CASE("times of other boots are before any of this one, and in order among themselves") {
  Owners owners;
  owners.AddGauge(MergeMode::kMostRecent, false, 1, 1e9).this_boot = false;
  owners.AddGauge(MergeMode::kMostRecent, false, 2, 2e9).this_boot = false;
  CHECK(GaugeOf(owners) == "2");
  owners.AddGauge(MergeMode::kMostRecent, true, 3, 0.001);
  CHECK(GaugeOf(owners) == "3");
  owners.AddGauge(MergeMode::kMostRecent, true, 4, 1e8);
  owners.AddGauge(MergeMode::kMostRecent, false, 5, 9e9).this_boot = false;
  CHECK(GaugeOf(owners) == "4");
}

TEST_CASE(
    "the all modes show each owner under its pid, after the other labels and instead of one of that name") {
  for (MergeMode mode : {MergeMode::kAll, MergeMode::kLiveAll}) {
    Owners owners;
    for (bool live : {true, false}) {
      Owner& owner = owners.Add(live);
      uint32_t family = owner.segment.Family(test::GaugeFamily("g", mode, {"pid", "l"}));
      *owner.segment.Series(family, {"mine", "x"}).cells = live ? 1 : 2;
      owner.instance = live ? "17" : "18-1";
    }
    std::string text = Merged(owners);
    CHECK(Shown(text, "g{l=\"x\",pid=\"17\"}") == "1");
    CHECK(Shown(text, "g{l=\"x\",pid=\"18-1\"}") == (mode == MergeMode::kAll ? "2" : "absent"));
    CHECK(text.find("mine") == std::string::npos);
  }
}

TEST_CASE("an owner whose pid label changes is planned anew") {
  Owners owners;
  owners.AddGauge(MergeMode::kAll, true, 4);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g{pid=\"1\"}") == "4");
  owners.all[0].instance = "1#2";
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g{pid=\"1\"}") == "absent");
  CHECK(Shown(Text(merge), "g{pid=\"1#2\"}") == "4");
}

TEST_CASE("counters of the living and the dead add up, in any order of the owners") {
  std::mt19937_64 random(1);
  std::vector<double> shares;
  for (int i = 0; i < 12; i++) shares.push_back(std::exp(static_cast<double>(random() % 40) - 20) / 3);
  std::string first;
  for (int order = 0; order < 20; order++) {
    std::shuffle(shares.begin(), shares.end(), random);
    Owners owners;
    for (double share : shares) {
      Owner& owner = owners.Add(random() % 2);
      *owner.segment.Series(owner.segment.Family(test::CounterFamily("c"))).cells = share;
    }
    std::string shown = Shown(Merged(owners), "c");
    if (first.empty()) first = shown;
    CHECK(shown == first);
  }
}

TEST_CASE("a counter can be aggregated in prom-client's other ways") {
  for (auto [mode, shown] : {std::pair{MergeMode::kMax, "5"}, std::pair{MergeMode::kAverage, "4"},
                             std::pair{MergeMode::kFirst, "3"}}) {
    Owners owners;
    for (double value : {3.0, 5.0}) {
      Owner& owner = owners.Add();
      *owner.segment.Series(owner.segment.Family(test::CounterFamily("c", {}, mode))).cells = value;
    }
    CHECK(Shown(Merged(owners), "c") == shown);
  }
}

void AddHistogram(Owners& owners, std::vector<double> bounds, const std::vector<double>& values,
                  bool live = true, MergeMode mode = MergeMode::kSum) {
  Owner& owner = owners.Add(live);
  TestSeries series =
      owner.segment.Series(owner.segment.Family(test::HistogramFamily("h", std::move(bounds), {}, mode)));
  for (double value : values) series.Observe(value);
}

TEST_CASE("histograms of equal bounds add up, bucket by bucket") {
  Owners owners;
  AddHistogram(owners, {1, 2}, {0.5, 1.5, 9});
  AddHistogram(owners, {1, 2}, {0.5, 0.25}, false);
  std::string text = Merged(owners);
  CHECK(Shown(text, "h_bucket{le=\"1\"}") == "3");
  CHECK(Shown(text, "h_bucket{le=\"2\"}") == "4");
  CHECK(Shown(text, "h_bucket{le=\"+Inf\"}") == "5");
  CHECK(Shown(text, "h_sum") == "11.75");
  CHECK(Shown(text, "h_count") == "5");
}

TEST_CASE("the count of a histogram is that of its buckets, though an observation was cut short") {
  Owners owners;
  AddHistogram(owners, {1}, {0.5});
  Owner& owner = owners.Add(false);
  TestSeries series = owner.segment.Series(owner.segment.Family(test::HistogramFamily("h", {1})));
  series.cells[3] = 1;  // its owner died before it stored sum and count
  std::string text = Merged(owners);
  CHECK(Shown(text, "h_bucket{le=\"+Inf\"}") == "2");
  CHECK(Shown(text, "h_count") == "2");
}

TEST_CASE(
    "of histograms of different bounds the newest living owner's are shown, and the others are counted") {
  Owners owners;
  AddHistogram(owners, {1, 2}, {0.5});
  AddHistogram(owners, {1, 3}, {0.5, 0.6});
  AddHistogram(owners, {1, 2}, {0.5, 0.5, 0.5});
  AddHistogram(owners, {1, 4}, {0.5, 0.5, 0.5, 0.5}, false);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count") == "4");
  CHECK(Shown(Text(merge), "h_bucket{le=\"2\"}") == "4");
  CHECK(merge.conflicts() == 2);
  owners.all[2].live = false;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count") == "2");
  CHECK(Shown(Text(merge), "h_bucket{le=\"3\"}") == "2");
  CHECK(merge.conflicts() == 3);
  for (Owner& owner : owners.all) owner.live = false;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_bucket{le=\"4\"}") == "4");
}

TEST_CASE("a name that has another type, or cells of another meaning, in another owner is a conflict") {
  auto merged = [](FamilyRecord older, FamilyRecord newer) {
    Owners owners;
    for (FamilyRecord* record : {&older, &newer}) {
      record->name = "x";
      Owner& owner = owners.Add();
      owner.segment.Series(owner.segment.Family(*record));
    }
    Merge merge(kGlobal);
    merge.Run(owners.Inputs(), kNowMs);
    CHECK(merge.families().size() == 1);
    Text(merge);
    return merge.conflicts();
  };
  FamilyRecord counter = test::CounterFamily("x");
  FamilyRecord gauge = test::GaugeFamily("x", MergeMode::kSum);
  FamilyRecord recent = test::GaugeFamily("x", MergeMode::kMostRecent);
  FamilyRecord histogram = test::HistogramFamily("x", {1});
  FamilyRecord summary = test::SummaryFamily("x", {0.5}, 2, 1000);
  CHECK(merged(counter, gauge) == 1);
  CHECK(merged(gauge, recent) == 1);
  CHECK(merged(recent, gauge) == 1);
  CHECK(merged(histogram, summary) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.5}, 3, 1000)) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.5}, 2, 2000)) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.9, 0.99}, 2, 1000)) == 0);
  CHECK(merged(gauge, test::GaugeFamily("x", MergeMode::kMax)) == 0);
  CHECK(merged(counter, test::CounterFamily("x", {"other", "labels"})) == 0);
}

TEST_CASE("histograms that are not summed merge what each owner alone would expose") {
  struct {
    MergeMode mode;
    std::string first, second, all, sum;
  } const cases[] = {
      {MergeMode::kMax, "1", "2", "3", "20.5"},
      {MergeMode::kMin, "1", "1", "2", "2.5"},
      {MergeMode::kAverage, "1", "1.5", "2.5", "11.5"},
      {MergeMode::kFirst, "1", "1", "3", "20.5"},
      {MergeMode::kLiveSum, "2", "3", "5", "23"},
      {MergeMode::kOmit, "absent", "absent", "absent", "absent"},
  };
  for (const auto& [mode, first, second, all, sum] : cases) {
    CAPTURE(std::string(kMergeModeNames[mode]));
    Owners owners;
    AddHistogram(owners, {1, 2}, {0.5, 10, 10}, true, mode);
    AddHistogram(owners, {1, 2}, {1, 1.5}, true, mode);
    std::string text = Merged(owners);
    CHECK(Shown(text, "h_bucket{le=\"1\"}") == first);
    CHECK(Shown(text, "h_bucket{le=\"2\"}") == second);
    CHECK(Shown(text, "h_bucket{le=\"+Inf\"}") == all);
    CHECK(Shown(text, "h_count") == all);
    CHECK(Shown(text, "h_sum") == sum);
  }
  Owners owners;
  AddHistogram(owners, {1, 2}, {0.5, 10, 10}, true, MergeMode::kAll);
  AddHistogram(owners, {1, 2}, {1, 1.5}, false, MergeMode::kAll);
  std::string text = Merged(owners);
  CHECK(Shown(text, "h_bucket{le=\"2\",pid=\"1\"}") == "1");
  CHECK(Shown(text, "h_count{pid=\"2\"}") == "2");
}

// Of the values from .. to.
void AddSummary(Owners& owners, int from, int to, bool live = true, MergeMode mode = MergeMode::kSum) {
  Owner& owner = owners.Add(live);
  uint32_t family = owner.segment.Family(test::SummaryFamily("s", {0, 0.5, 1}, 1, INFINITY, {}, mode));
  TestSeries series = owner.segment.Series(family);
  for (int value = from; value <= to; value++) owner.segment.ObserveSummary(series, value);
}

TEST_CASE("quantiles of summaries are those of all values of all owners") {
  Owners owners;
  AddSummary(owners, 1, 100);
  AddSummary(owners, 101, 900, false);
  std::string text = Merged(owners);
  CHECK(Shown(text, "s{quantile=\"0\"}") == "1");
  CHECK(std::stod(Shown(text, "s{quantile=\"0.5\"}")) == doctest::Approx(450).epsilon(0.0109));
  CHECK(Shown(text, "s{quantile=\"1\"}") == "900");
  CHECK(Shown(text, "s_count") == "900");
  CHECK(Shown(text, "s_sum") == "405450");
}

TEST_CASE("summaries that are not summed merge what each owner alone would expose") {
  struct {
    MergeMode mode;
    std::string greatest, count, sum;
  } const cases[] = {
      {MergeMode::kMax, "900", "800", "400400"},
      {MergeMode::kMin, "100", "100", "5050"},
      {MergeMode::kAverage, "500", "450", "202725"},
      {MergeMode::kFirst, "100", "100", "5050"},
  };
  for (const auto& [mode, greatest, count, sum] : cases) {
    CAPTURE(std::string(kMergeModeNames[mode]));
    Owners owners;
    AddSummary(owners, 1, 100, true, mode);
    AddSummary(owners, 101, 900, true, mode);
    std::string text = Merged(owners);
    CHECK(Shown(text, "s{quantile=\"1\"}") == greatest);
    CHECK(Shown(text, "s_count") == count);
    CHECK(Shown(text, "s_sum") == sum);
  }
}

TEST_CASE("slots of a summary age out by the reader's clock, and their count and sum do not") {
  constexpr double kSlotMs = 1000;
  double now = std::floor(kNowMs / kSlotMs);
  struct {
    double epoch;
    std::string shown;
  } const cases[] = {{now, "7"},     {now - 1, "7"}, {now - 2, "7"}, {now - 3, "0"},
                     {now + 1, "0"}, {0, "0"},       {NAN, "0"}};
  for (const auto& [epoch, shown] : cases) {
    Owners owners;
    Owner& owner = owners.Add();
    TestSeries series =
        owner.segment.Series(owner.segment.Family(test::SummaryFamily("s", {0.5}, 3, kSlotMs)));
    owner.segment.ObserveSummary(series, 7, epoch);
    std::string text = Merged(owners);
    CHECK(Shown(text, "s{quantile=\"0.5\"}") == shown);
    CHECK(Shown(text, "s_count") == "1");
    CHECK(Shown(text, "s_sum") == "7");
  }
}

TEST_CASE("pages of an earlier generation, or of another slot, are not counted") {
  Owners owners;
  Owner& owner = owners.Add();
  TestSeries series = owner.segment.Series(owner.segment.Family(test::SummaryFamily("s", {0.5}, 2, 1000)));
  for (int value : {1, 2, 3}) owner.segment.ObserveSummary(series, value, std::floor(kNowMs / 1000));
  // Of small values: they would be in front of all others.
  *owner.segment.Page(series, 0, 1, 99, -20) = 1000;
  *owner.segment.Page(series, 1, 1, 0, -20) = 1000;
  CHECK(std::stod(Shown(Merged(owners), "s{quantile=\"0.5\"}")) == doctest::Approx(2).epsilon(0.0109));
}

TEST_CASE("pages of a slot that counted nothing yet are not counted") {
  Owners owners;
  Owner& owner = owners.Add();
  TestSeries series = owner.segment.Series(owner.segment.Family(test::SummaryFamily("s", {0.5}, 2, 1000)));
  for (int value : {1, 2, 3}) owner.segment.ObserveSummary(series, value, std::floor(kNowMs / 1000));
  // The other slot is of this window, and its page, of small values, is what is left of an earlier one.
  *owner.segment.Page(series, 1, 1, 0, -20) = 1000;
  double* slot = series.cells + layout::kSummaryHeaderCells + layout::kSummarySlotCells;
  slot[0] = std::floor(kNowMs / 1000) - 1;
  for (double n : {0.0, -1.0, static_cast<double>(NAN)}) {
    slot[2] = n;
    CHECK(std::stod(Shown(Merged(owners), "s{quantile=\"0.5\"}")) == doctest::Approx(2).epsilon(0.0109));
  }
}

// An owner of a counter with these labels, in this order, and default labels of its registry.
Owner& AddLabelled(Owners& owners, std::vector<std::pair<std::string, std::string>> labels, double value,
                   std::vector<ScopeLabel> defaults = {}) {
  Owner& owner = owners.Add();
  owner.segment.Scope(0, "", std::move(defaults));
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (auto& [name, text] : labels) {
    names.push_back(name);
    values.push_back(text);
  }
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("c", names)), values).cells = value;
  return owner;
}

TEST_CASE("the order of labels does not tell series apart, and the oldest owner's is printed") {
  Owners owners;
  AddLabelled(owners, {{"b", "1"}, {"a", "2"}}, 1);
  AddLabelled(owners, {{"a", "2"}, {"b", "1"}}, 2);
  AddLabelled(owners, {{"a", "1"}, {"b", "2"}}, 4);
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{b=\"1\",a=\"2\"}") == "3");
  CHECK(Shown(text, "c{a=\"1\",b=\"2\"}") == "4");
}

TEST_CASE("names and values of labels do not run into each other") {
  Owners owners;
  AddLabelled(owners, {{"a", "x"}, {"b", ""}}, 1);
  AddLabelled(owners, {{"a", ""}, {"b", "x"}}, 2);
  AddLabelled(owners, {{"a", "xb"}}, 4);
  AddLabelled(owners, {{"a", std::string("x\0\0\0\0", 5)}}, 8);
  AddLabelled(owners, {{"a", "x"}}, 16);
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{a=\"x\",b=\"\"}") == "1");
  CHECK(Shown(text, "c{a=\"\",b=\"x\"}") == "2");
  CHECK(Shown(text, "c{a=\"xb\"}") == "4");
  CHECK(Shown(text, "c{a=\"x\"}") == "16");
}

TEST_CASE("default labels are part of what a series is, unless they are not asked for") {
  Owners owners;
  AddLabelled(owners, {{"l", "x"}}, 1, {{"zone", LabelKind::kString, "a"}});
  AddLabelled(owners, {{"l", "x"}}, 2, {{"zone", LabelKind::kString, "b"}});
  AddLabelled(owners, {{"l", "x"}}, 4, {{"zone", LabelKind::kString, "a"}});
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{l=\"x\",zone=\"a\"}") == "5");
  CHECK(Shown(text, "c{l=\"x\",zone=\"b\"}") == "2");
  CHECK(Shown(Merged(owners, {{""}, false}), "c{l=\"x\"}") == "7");
}

TEST_CASE("a series' own label wins over a default label of its name") {
  Owners owners;
  AddLabelled(owners, {{"zone", "own"}}, 1,
              {{"zone", LabelKind::kString, "default"}, {"y", LabelKind::kString, "1"}});
  AddLabelled(owners, {{"zone", "own"}, {"y", "1"}}, 2);
  CHECK(Shown(Merged(owners), "c{zone=\"own\",y=\"1\"}") == "3");
}

TEST_CASE("default labels that change apply to the next scrape") {
  Owners owners;
  Owner& owner = AddLabelled(owners, {{"l", "x"}}, 1, {{"zone", LabelKind::kString, "a"}});
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  owner.segment.Scope(0, "", {{"zone", LabelKind::kString, "b"}});
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "c{l=\"x\",zone=\"b\"}") == "1");
  CHECK(Shown(Text(merge), "c{l=\"x\",zone=\"a\"}") == "absent");
}

TEST_CASE("a label that is undefined is the same as none") {
  Owners owners;
  for (bool given : {true, false}) {
    Owner& owner = owners.Add();
    uint32_t family = owner.segment.Family(test::CounterFamily("c", {"l", "m"}));
    std::vector<SeriesLabel> labels = {{0, LabelKind::kString, "x"}};
    if (given) labels.push_back({1, LabelKind::kUndefined, "undefined"});
    *owner.segment.SeriesOf(family, labels).cells = 1;
  }
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  REQUIRE(merge.series().size() == 1);
  CHECK(*merge.values(merge.series()[0]) == 2);
}

TEST_CASE("owners that list the label names otherwise agree on the series") {
  Owners owners;
  Owner& a = owners.Add();
  *a.segment.SeriesOf(a.segment.Family(test::CounterFamily("c", {"x", "y"})), {{0, LabelKind::kString, "1"}})
       .cells = 1;
  Owner& b = owners.Add();
  *b.segment.SeriesOf(b.segment.Family(test::CounterFamily("c", {"y", "x"})), {{1, LabelKind::kString, "1"}})
       .cells = 2;
  CHECK(Shown(Merged(owners), "c{x=\"1\"}") == "3");
}

TEST_CASE("a view shows the families of its scopes, scope by scope, and one that is in two of them once") {
  Owners owners;
  Owner& owner = owners.Add();
  owner.segment.Scope(0, "");
  owner.segment.Scope(1, "1");
  uint32_t global = owner.segment.Family(test::CounterFamily("global"));
  uint32_t own = owner.segment.Family(test::CounterFamily("own"), 1);
  uint32_t both = owner.segment.Family(test::CounterFamily("both"));
  owner.segment.Member(1, both);
  for (uint32_t family : {global, own, both}) *owner.segment.Series(family).cells = 1;
  auto names = [&](std::vector<std::string> scopes) {
    Merge merge({std::move(scopes), true});
    merge.Run(owners.Inputs(), kNowMs);
    std::string all;
    for (const MergedFamily& family : merge.families()) all += family.definition.name + ' ';
    for (const MergedSeries& series : merge.series()) CHECK(*merge.values(series) == 1);
    return all;
  };
  CHECK(names({""}) == "global both ");
  CHECK(names({"1"}) == "own both ");
  CHECK(names({"", "1"}) == "global both own ");
  CHECK(names({"1", ""}) == "own both global ");
  CHECK(names({"other"}) == "");
  CHECK(names({}) == "");
}

TEST_CASE("a family that left its scope, and one that was removed, are not shown") {
  Owners owners;
  Owner& owner = owners.Add();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("left"))).cells = 1;
  uint64_t member = owner.segment.last_member_record();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("removed"))).cells = 1;
  uint64_t family = owner.segment.last_family_record();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("kept"))).cells = 1;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(merge.families().size() == 3);
  owner.segment.writer().Remove(member);
  owner.segment.writer().Remove(family);
  merge.Run(owners.Inputs(), kNowMs);
  REQUIRE(merge.families().size() == 1);
  CHECK(merge.families()[0].definition.name == "kept");
}

TEST_CASE("families and series come in the order of the oldest owner that has them") {
  Owners owners;
  for (std::vector<std::string> names : {std::vector<std::string>{"z", "m"}, {"a", "z"}, {"m", "b"}}) {
    Owner& owner = owners.Add();
    for (const std::string& name : names) {
      uint32_t family = owner.segment.Family(test::CounterFamily(name, {"l"}));
      for (const std::string& label : {name, std::to_string(owners.all.size()), std::string("both")}) {
        *owner.segment.Series(family, {label}).cells = 1;
      }
    }
  }
  CHECK(Merged(owners) == R"(# HELP z z help
# TYPE z counter
z{l="z"} 2
z{l="1"} 1
z{l="both"} 2
z{l="2"} 1

# HELP m m help
# TYPE m counter
m{l="m"} 2
m{l="1"} 1
m{l="both"} 2
m{l="3"} 1

# HELP a a help
# TYPE a counter
a{l="a"} 1
a{l="2"} 1
a{l="both"} 1

# HELP b b help
# TYPE b counter
b{l="b"} 1
b{l="3"} 1
b{l="both"} 1
)");
}

TEST_CASE("a series that an older owner has later is shown where a new merge shows it") {
  Owners owners;
  Owner& older = owners.Add();
  Owner& newer = owners.Add();
  uint32_t old_family = older.segment.Family(test::CounterFamily("c", {"a", "b"}));
  uint32_t new_family = newer.segment.Family(test::CounterFamily("c", {"b", "a"}));
  *older.segment.Series(old_family, {"1", "1"}).cells = 1;
  *newer.segment.Series(new_family, {"3", "3"}).cells = 1;
  *newer.segment.Series(new_family, {"2", "2"}).cells = 1;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  *older.segment.Series(old_family, {"2", "2"}).cells = 1;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Text(merge) == Merged(owners));
  CHECK(Shown(Text(merge), "c{a=\"2\",b=\"2\"}") == "2");
}

TEST_CASE("a plan made of a segment does not serve another reader of it that knows less") {
  Owners owners;
  Owner& owner = owners.Add();
  uint32_t family = owner.segment.Family(test::HistogramFamily("h", {1}, {"l"}, MergeMode::kMax));
  TestSeries a = owner.segment.Series(family, {"a"});
  owner.segment.Series(family, {"b"}).Observe(0.5);
  a.Observe(0.5);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count{l=\"a\"}") == "1");
  // The file was out of sight for a while: what is known of it was dropped, and it changed meanwhile.
  owner.segment.Remove(a);
  owner.reader = SegmentReader();
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count{l=\"a\"}") == "absent");
  CHECK(Shown(Text(merge), "h_count{l=\"b\"}") == "1");
}

TEST_CASE("a merge of no segments shows nothing") {
  Owners owners;
  CHECK(Merged(owners) == "\n");
  owners.Add();
  CHECK(Merged(owners) == "\n");
  Merge merge(kGlobal);
  AddHistogram(owners, {1}, {0.5});
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count") == "1");
  merge.Run({}, kNowMs);
  CHECK(Text(merge) == "\n");
}

// Does something at random to a group.
class RandomGroup {
 public:
  explicit RandomGroup(uint64_t seed) : random_(seed) { AddOwner(); }

  Owners& owners() { return owners_; }

  void Step() {
    switch (Pick(12)) {
      case 0:
        if (owners_.all.size() < 6) AddOwner();
        break;
      case 1:
        owners_.all[Pick(owners_.all.size())].live ^= true;
        break;
      case 2:
      case 3:
        RemoveSeries();
        break;
      case 4:
        if (owners_.all.size() > 1) RemoveOwner();
        break;
      case 5:
      case 6:
      case 7:
      case 8:
        AddSeries();
        break;
      default:
        Count();
    }
  }

 private:
  struct Known {
    std::vector<uint32_t> families;
    std::vector<std::pair<uint32_t, TestSeries>> series;
  };

  size_t Pick(size_t below) { return random_() % below; }

  void AddOwner() {
    Owner& owner = owners_.Add(Pick(4) != 0);
    owner.instance = "pid " + std::to_string(next_++);
    owner.this_boot = Pick(4) != 0;
    owner.segment.Scope(0, "", {{"zone", LabelKind::kString, Pick(3) ? "a" : "b"}});
    Known& known = known_.emplace_back();
    const FamilyRecord families[] = {
        test::CounterFamily("c", {"l", "m"}),
        test::GaugeFamily("recent", MergeMode::kMostRecent, {"l", "m"}),
        test::GaugeFamily("all", Pick(2) ? MergeMode::kAll : MergeMode::kLiveAll, {"l", "m"}),
        test::GaugeFamily("first", MergeMode::kFirst, {"l", "m"}),
        test::HistogramFamily("h", Pick(5) ? std::vector<double>{1, 2} : std::vector<double>{1, 3},
                              {"l", "m"}),
        test::SummaryFamily("s", {0.5, 0.9}, 1, INFINITY, {"l", "m"}),
    };
    for (const FamilyRecord& family : families) {
      if (Pick(4)) known.families.push_back(owner.segment.Family(family));
    }
  }
  void RemoveOwner() {
    auto at = static_cast<ptrdiff_t>(Pick(owners_.all.size()));
    owners_.all.erase(owners_.all.begin() + at);
    known_.erase(known_.begin() + at);
  }
  void AddSeries() {
    size_t at = Pick(owners_.all.size());
    if (known_[at].families.empty()) return;
    uint32_t family = known_[at].families[Pick(known_[at].families.size())];
    TestSeries series =
        owners_.all[at].segment.Series(family, {std::to_string(Pick(4)), std::to_string(Pick(3))});
    for (uint32_t i = 0; i < series.count; i++) series.cells[i] = static_cast<double>(Pick(100)) / 8;
    known_[at].series.emplace_back(family, series);
  }
  void RemoveSeries() {
    size_t at = Pick(owners_.all.size());
    if (known_[at].series.empty()) return;
    auto which = known_[at].series.begin() + static_cast<ptrdiff_t>(Pick(known_[at].series.size()));
    owners_.all[at].segment.Remove(which->second);
    known_[at].series.erase(which);
  }
  void Count() {
    for (Known& known : known_) {
      for (auto& [family, series] : known.series)
        series.cells[Pick(series.count)] += static_cast<double>(Pick(9)) / 4;
    }
  }

  std::mt19937_64 random_;
  Owners owners_;
  std::deque<Known> known_;
  int next_ = 1;
};

TEST_CASE("a merge that went along shows what a new one shows") {
  size_t shown = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    RandomGroup group(seed);
    Merge along(kGlobal);
    Merge now_and_then(kGlobal);
    for (int step = 0; step < 60; step++) {
      group.Step();
      along.Run(group.owners().Inputs(), kNowMs);
      Merge anew(kGlobal);
      anew.Run(group.owners().Inputs(), kNowMs);
      std::string expected = Text(anew);
      shown += expected.size();
      if (Text(along) != expected) CHECK(Text(along) == expected);
      if (Json(along) != Json(anew)) CHECK(Json(along) == Json(anew));
      if (along.conflicts() != anew.conflicts()) CHECK(along.conflicts() == anew.conflicts());
      if (step % 7 != 0) continue;
      now_and_then.Run(group.owners().Inputs(), kNowMs);
      if (Text(now_and_then) != expected) CHECK(Text(now_and_then) == expected);
    }
  }
  CHECK(shown > 500'000);
}

}  // namespace
}  // namespace prom
