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
  // One age slot of one owner: `n` values of which `zero` are 0, between `min` and `max`.
  void AddSlot(double n, double zero, double min, double max);
  void AddBucket(int schema, int32_t key, int sign, double count);

  // Call after the last addition and before Quantile().
  void Finish();

  // The value of rank max(1, ceil(q * n)); 0 when there are no values. Exact at both ends.
  double Quantile(double q) const;

 private:
  struct Bucket {
    int schema;
    int32_t key;
    double count;
  };
  void Collapse(std::vector<Bucket>& buckets, int schema) const;

  double n_ = 0;
  double zero_ = 0;
  double min_ = 0;
  double max_ = 0;
  int schema_ = 8;
  std::vector<Bucket> positive_;
  std::vector<Bucket> negative_;
};

}  // namespace prom
