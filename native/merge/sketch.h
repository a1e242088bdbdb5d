// Quantiles of exponential buckets: additive, so those of several owners merge exactly (docs/format.md, "Summaries").
//
// Bucket k of schema s holds (g^(k-1), g^k] with g = 2^(2^-s). The estimate of any quantile is off by at most
// (g-1)/(g+1), 1.083 % at schema 5 (Masson et al., DDSketch, VLDB 2019); merging down to a lower schema keeps the bound
// of that schema (Epicoco et al., UDDSketch, 2020).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "format/layout.h"

namespace prom {

class Sketch {
 public:
  // The values of one epoch: `n` values of which `zero` are 0, between `min` and `max`.
  struct Slot {
    double epoch = 0;
    double n = 0;
    double zero = 0;
    double min = 0;
    double max = 0;
    int8_t schema = 8;  // the lowest one of its pages
  };
  // Buckets 32 * number to 32 * number + 31 of a sign and a slot.
  struct PageKey {
    uint16_t slot;
    int8_t schema;
    int8_t sign;  // 1 or -1
    int32_t number;
    auto operator<=>(const PageKey&) const = default;
  };
  using Counts = std::array<double, layout::kPageCells>;

  // Adds an owner's values of an epoch of a window of `slots` epochs. Returns the slot of the epoch in that window.
  uint16_t AddSlot(const Slot& values, uint32_t slots);
  void AddPage(const PageKey& key, const double* counts);
  const std::vector<Slot>& slots() const { return slots_; }
  const std::map<PageKey, Counts>& pages() const { return pages_; }

  // After the last addition: merges all epochs and schemas for Quantile().
  void Finish();
  // The value of rank max(1, ceil(q * n)); 0 when there are no values. Exact at both ends.
  double Quantile(double q) const;

 private:
  struct Bucket {
    int64_t rank;  // by value; the sign is that of the bucket
    double count;
  };

  std::vector<Slot> slots_;
  std::map<PageKey, Counts> pages_;
  Slot all_;
  std::vector<Bucket> buckets_;
};

}  // namespace prom
