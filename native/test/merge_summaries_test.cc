// Summaries of several owners.
#include "support/merging.h"

namespace prom {
namespace {

// Of the values from .. to.
void AddSummary(Owners& owners, int from, int to, bool live = true, MergeMode mode = MergeMode::kSum) {
  Owner& owner = owners.Add(live);
  uint32_t family = owner.segment.Family(SummaryFamily("s", {0, 0.5, 1}, 1, INFINITY, {}, mode));
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

TEST_CASE("the other modes of a summary merge the exposed values of each owner") {
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
    std::string name(kMergeModeNames[mode]);
    CAPTURE(name);
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
    TestSeries series = owner.segment.Series(owner.segment.Family(SummaryFamily("s", {0.5}, 3, kSlotMs)));
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
  TestSeries series = owner.segment.Series(owner.segment.Family(SummaryFamily("s", {0.5}, 2, 1000)));
  for (int value : {1, 2, 3}) owner.segment.ObserveSummary(series, value, std::floor(kNowMs / 1000));
  // Of small values: they would be in front of all others.
  *owner.segment.Page(series, 0, 1, 99, -20) = 1000;
  *owner.segment.Page(series, 1, 1, 0, -20) = 1000;
  CHECK(std::stod(Shown(Merged(owners), "s{quantile=\"0.5\"}")) == doctest::Approx(2).epsilon(0.0109));
}

TEST_CASE("pages of a slot that counted nothing yet are not counted") {
  Owners owners;
  Owner& owner = owners.Add();
  TestSeries series = owner.segment.Series(owner.segment.Family(SummaryFamily("s", {0.5}, 2, 1000)));
  for (int value : {1, 2, 3}) owner.segment.ObserveSummary(series, value, std::floor(kNowMs / 1000));
  // The other slot is of this window, and its page, of small values, was left by an earlier one.
  *owner.segment.Page(series, 1, 1, 0, -20) = 1000;
  double* slot = series.cells + layout::kSummaryHeaderCells + layout::kSummarySlotCells;
  slot[0] = std::floor(kNowMs / 1000) - 1;
  for (double n : {0.0, -1.0, static_cast<double>(NAN)}) {
    slot[2] = n;
    CHECK(std::stod(Shown(Merged(owners), "s{quantile=\"0.5\"}")) == doctest::Approx(2).epsilon(0.0109));
  }
}

}  // namespace
}  // namespace prom
