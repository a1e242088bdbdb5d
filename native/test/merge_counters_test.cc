// Counters of several owners.
#include <algorithm>
#include <random>

#include "support/merging.h"

namespace prom {
namespace {

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
      *owner.segment.Series(owner.segment.Family(CounterFamily("c"))).cells = share;
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
      *owner.segment.Series(owner.segment.Family(CounterFamily("c", {}, mode))).cells = value;
    }
    CHECK(Shown(Merged(owners), "c") == shown);
  }
}

}  // namespace
}  // namespace prom
