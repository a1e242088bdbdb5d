#include "merge/native_sum.h"

#include <algorithm>
#include <cmath>

namespace prom {
namespace {

constexpr int8_t kCoarsest = -4;
constexpr int8_t kFinest = 8;
constexpr auto kPageLength = static_cast<int32_t>(layout::kPageCells);

// The absolute value that no observation of the bucket exceeds.
double UpperBound(int32_t key, int8_t schema) {
  return std::exp2(std::ldexp(static_cast<double>(key), -schema));
}

}  // namespace

void NativeSum::AddHeader(double schema, double zero_count, double zero_threshold) {
  bool valid = schema >= kCoarsest && schema <= kFinest;  // also false for NaN
  if (valid) schema_ = std::min(schema_, static_cast<int8_t>(schema));
  if (zero_count > 0) added_zero_count_ += zero_count;
  has_other_thresholds_ |= present_ && zero_threshold != added_threshold_;
  added_threshold_ = std::max(added_threshold_, zero_threshold);
  present_ = true;
}

void NativeSum::AddPage(int8_t schema, int8_t sign, int32_t number, const double* counts) {
  schema_ = std::min(schema_, schema);
  auto& page = pages_[{schema, sign, number}];
  for (size_t i = 0; i < page.size(); i++) {
    if (counts[i] > 0) page[i] += counts[i];
  }
}

void NativeSum::Finish() {
  zero_threshold_ = added_threshold_;
  zero_count_ = added_zero_count_;
  positive_.clear();
  negative_.clear();
  for (const auto& [key, counts] : pages_) {
    auto [schema, sign, number] = key;
    int steps = schema - schema_;
    std::vector<Bucket>& to = sign > 0 ? positive_ : negative_;
    for (int32_t i = 0; i < kPageLength; i++) {
      double count = counts[static_cast<size_t>(i)];
      if (!(count > 0)) continue;
      int32_t merged = (number * kPageLength + i + (1 << steps) - 1) >> steps;
      if (to.empty() || to.back().key != merged) to.push_back({merged, 0});
      to.back().count += count;
    }
  }
  for (std::vector<Bucket>* buckets : {&positive_, &negative_}) {
    // Pages of several schemas come one after the other.
    std::sort(buckets->begin(), buckets->end(),
              [](const Bucket& a, const Bucket& b) { return a.key < b.key; });
    auto last = buckets->begin();
    for (auto next = buckets->begin(); next != buckets->end(); ++next) {
      if (next == last) continue;
      if (next->key == last->key) {
        last->count += next->count;
      } else {
        *++last = *next;
      }
    }
    if (!buckets->empty()) buckets->erase(last + 1, buckets->end());
  }
  if (has_other_thresholds_) {
    SwallowBelowThreshold(positive_);
    SwallowBelowThreshold(negative_);
  }
  count_ = zero_count_;
  for (const std::vector<Bucket>* buckets : {&positive_, &negative_}) {
    for (const Bucket& bucket : *buckets) count_ += bucket.count;
  }
}

void NativeSum::SwallowBelowThreshold(std::vector<Bucket>& buckets) {
  auto from = buckets.begin();
  for (; from != buckets.end() && UpperBound(from->key - 1, schema_) < zero_threshold_; ++from) {
    zero_count_ += from->count;
    zero_threshold_ = std::max(zero_threshold_, UpperBound(from->key, schema_));
  }
  buckets.erase(buckets.begin(), from);
}

}  // namespace prom
