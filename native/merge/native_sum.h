// Native histograms: exponential buckets of several owners, added up (docs/format.md, "Native histograms").
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "format/layout.h"

namespace prom {

class NativeSum {
 public:
  // Bucket `key` of a schema holds (g^(key-1), g^key] with g = 2^(2^-schema), or its negative.
  struct Bucket {
    int32_t key;
    double count;
  };

  // The header of an owner's histogram. The schema of the sum is the lowest of all, also while that has no observations: it
  // must never rise, which would look like a reset.
  void AddHeader(double schema, double zero_count, double zero_threshold);
  void AddPage(int8_t schema, int8_t sign, int32_t number, const double* counts);
  // Makes the results below of all additions until now. An observation that one owner has in its zero bucket and another one has
  // not is in the widest zero bucket.
  void Finish();

  int8_t schema() const { return schema_; }
  double zero_threshold() const { return zero_threshold_; }
  double zero_count() const { return zero_count_; }
  // Ascending by key, without empty ones.
  const std::vector<Bucket>& positive() const { return positive_; }
  const std::vector<Bucket>& negative() const { return negative_; }
  // That of all observations: readers refuse a histogram with another count than the sum of its buckets.
  double count() const { return count_; }

 private:
  void SwallowBelowThreshold(std::vector<Bucket>& buckets);

  bool present_ = false;
  bool has_other_thresholds_ = false;
  int8_t schema_ = 8;
  double added_threshold_ = 0;
  double added_zero_count_ = 0;
  std::map<std::tuple<int8_t, int8_t, int32_t>, std::array<double, layout::kPageCells>> pages_;
  // Results.
  double zero_threshold_ = 0;
  double zero_count_ = 0;
  double count_ = 0;
  std::vector<Bucket> positive_;
  std::vector<Bucket> negative_;
};

}  // namespace prom
