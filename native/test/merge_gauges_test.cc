// Gauges of several owners, mode by mode.
#include "support/merging.h"

namespace prom {
namespace {

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
    std::string name(kMergeModeNames[mode]);
    CAPTURE(name);
    Owners owners;
    owners.AddGauge(mode, false, 9);
    owners.AddGauge(mode, true, 5);
    owners.AddGauge(mode, true, 2);
    owners.AddGauge(mode, false, 1);
    CHECK(GaugeOf(owners) == shown);
  }
}

TEST_CASE("live-only modes of dead owners have no sample, the others still do") {
  for (std::string_view name : kMergeModeNames.names) {
    CAPTURE(std::string(name));
    MergeMode mode = *kMergeModeNames.Find(name);
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
  CHECK(Json(merge) == "");
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

TEST_CASE("a mostrecent gauge that was never set has no sample even with a value") {
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
      uint32_t family = owner.segment.Family(GaugeFamily("g", mode, {"pid", "l"}));
      *owner.segment.Series(family, {"mine", "x"}).cells = live ? 1 : 2;
      owner.instance = live ? "17" : "18-1";
    }
    std::string text = Merged(owners);
    CHECK(Shown(text, "g{l=\"x\",pid=\"17\"}") == "1");
    CHECK(Shown(text, "g{l=\"x\",pid=\"18-1\"}") == (mode == MergeMode::kAll ? "2" : "absent"));
    CHECK(text.find("mine") == std::string::npos);
  }
}

}  // namespace
}  // namespace prom
