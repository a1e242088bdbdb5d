#include "merge/sketch.h"

#include <algorithm>
#include <cmath>

namespace prom {
namespace {

// The bounds of buckets 0 to 31 at schema 5, the same doubles as in src/model/exponential-buckets.ts: what one process says
// of itself and what is merged must agree to the last digit.
constexpr int kFinestSchema = 5;
constexpr double kBounds[1 << kFinestSchema] = {
    1.0,
    1.0218971486541166,
    1.0442737824274138,
    1.0671404006768235,
    1.0905077326652577,
    1.1143867425958924,
    1.1387886347566916,
    1.1637248587775775,
    1.189207115002721,
    1.2152473599804687,
    1.241857812073484,
    1.2690509571917332,
    1.2968395546510096,
    1.325236643159741,
    1.3542555469368927,
    1.3839098819638318,
    1.414213562373095,
    1.4451808069770464,
    1.4768261459394991,
    1.5091644275934224,
    1.5422108254079407,
    1.5759808451078863,
    1.610490331949254,
    1.6457554781539645,
    1.6817928305074288,
    1.7186192981224775,
    1.756252160373299,
    1.7947090750031065,
    1.8340080864093422,
    1.8741676341102995,
    1.915206561397147,
    1.9571441241753997,
};

// The point of bucket `key` from which both ends are equally far in relative terms.
double Estimate(int schema, int32_t key) {
  double growth = std::exp2(std::ldexp(1.0, -schema));
  int steps = kFinestSchema - schema;
  if (steps < 0) return 2 * std::exp2(std::ldexp(static_cast<double>(key), -schema)) / (growth + 1);
  if (schema > 0) growth = kBounds[1 << steps];
  int64_t finest = int64_t{key} << steps;
  double mantissa = kBounds[finest & 31] * (2 / (growth + 1));
  return std::ldexp(mantissa, static_cast<int>(finest >> kFinestSchema));
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
