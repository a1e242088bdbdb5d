// Quantiles of exponential buckets: additive, so those of several owners merge exactly (docs/format.md, "Summaries").
//
// Bucket k of schema s holds (g^(k-1), g^k] with g = 2^(2^-s). The estimate of any quantile is off by at most
// (g-1)/(g+1), 1.083 % at schema 5 (Masson et al., DDSketch, VLDB 2019); merging down to a lower schema keeps the bound
// of that schema (Epicoco et al., UDDSketch, 2020).
#pragma once

#include <cstdint>
#include <vector>

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
  };
  struct Bucket {
    uint16_t slot;
    int8_t schema;
    int8_t sign;  // 1 or -1
    int32_t key;
    double count;
  };

  // Adds an owner's values of an epoch of a window of `slots` epochs. Returns the slot of the epoch in that window.
  uint16_t AddSlot(const Slot& values, uint32_t slots);
  void AddBucket(const Bucket& bucket);

  // Makes one of buckets that are the same but for their counts, and sorts them by slot, schema and value.
  void Sum();
  const std::vector<Slot>& slots() const { return slots_; }
  const std::vector<Bucket>& buckets() const { return buckets_; }

  // After the last addition: gives up epochs and schemas, so that Quantile() can be called.
  void Finish();
  // The value of rank max(1, ceil(q * n)); 0 when there are no values. Exact at both ends.
  double Quantile(double q) const;

 private:
  std::vector<Slot> slots_;
  std::vector<Bucket> buckets_;
  Slot all_;
  int8_t schema_ = 8;  // the lowest one of all buckets
};

}  // namespace prom
