// Histograms of several owners.
#include "support/merging.h"

namespace prom {
namespace {

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

TEST_CASE("bounds that are no numbers are equal, too") {
  Owners owners;
  AddHistogram(owners, {1, NAN}, {0.5, 9});
  AddHistogram(owners, {1, NAN}, {0.25}, false);
  std::string text = Merged(owners);
  CHECK(Shown(text, "h_bucket{le=\"1\"}") == "2");
  CHECK(Shown(text, "h_bucket{le=\"+Inf\"}") == "3");
}

TEST_CASE("the count of a histogram is that of its buckets, though an observation was cut short") {
  Owners owners;
  AddHistogram(owners, {1}, {0.5});
  Owner& owner = owners.Add(false);
  TestSeries series = owner.segment.Series(owner.segment.Family(HistogramFamily("h", {1})));
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

TEST_CASE("the other modes of a histogram merge the exposed values of each owner") {
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
    std::string name(kMergeModeNames[mode]);
    CAPTURE(name);
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

}  // namespace
}  // namespace prom
