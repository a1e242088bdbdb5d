#include "sketch.h"

#include <algorithm>
#include <cmath>

namespace prom {
namespace {

// The point of bucket `key` from which both ends are equally far in relative terms.
double Estimate(int schema, int32_t key) {
  double growth = std::exp2(std::ldexp(1.0, -schema));
  return 2 * std::exp2(std::ldexp(static_cast<double>(key), -schema)) / (growth + 1);
}

}  // namespace

void Sketch::AddSlot(double n, double zero, double min, double max) {
  if (!(n > 0)) return;
  if (n_ == 0 || min < min_) min_ = min;
  if (n_ == 0 || max > max_) max_ = max;
  n_ += n;
  zero_ += zero;
}

void Sketch::AddBucket(int schema, int32_t key, int sign, double count) {
  if (!(count > 0)) return;
  schema_ = std::min(schema_, schema);
  (sign > 0 ? positive_ : negative_).push_back({schema, key, count});
}

void Sketch::Collapse(std::vector<Bucket>& buckets, int schema) const {
  for (Bucket& bucket : buckets) {
    int steps = bucket.schema - schema;
    bucket.key = (bucket.key + (1 << steps) - 1) >> steps;
  }
  std::sort(buckets.begin(), buckets.end(), [](const Bucket& a, const Bucket& b) { return a.key < b.key; });
}

void Sketch::Finish() {
  Collapse(positive_, schema_);
  Collapse(negative_, schema_);
}

double Sketch::Quantile(double q) const {
  if (!(n_ > 0)) return 0;
  double rank = std::max(1.0, std::ceil(q * n_));
  if (rank <= 1) return min_;
  if (rank >= n_) return max_;
  auto clamp = [this](double value) { return std::min(std::max(value, min_), max_); };
  double seen = 0;
  for (auto bucket = negative_.rbegin(); bucket != negative_.rend(); ++bucket) {
    seen += bucket->count;
    if (seen >= rank) return clamp(-Estimate(schema_, bucket->key));
  }
  seen += zero_;
  if (seen >= rank) return clamp(0);
  for (const Bucket& bucket : positive_) {
    seen += bucket.count;
    if (seen >= rank) return clamp(Estimate(schema_, bucket.key));
  }
  return max_;
}

}  // namespace prom
