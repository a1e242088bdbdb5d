#include "merge/sketch.h"

#include <algorithm>
#include <cmath>

namespace prom {
namespace {

// The bounds of buckets 0 to 31 at schema 5. They must be the doubles of src/model/exponential-buckets.ts: a process's own
// quantiles and merged ones agree to the last digit.
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

// The value whose relative distance to both ends of bucket `key` is the same.
double Estimate(int schema, int32_t key) {
  double growth = std::exp2(std::ldexp(1.0, -schema));
  int steps = kFinestSchema - schema;
  if (steps < 0) return 2 * std::exp2(std::ldexp(static_cast<double>(key), -schema)) / (growth + 1);
  if (schema > 0) growth = kBounds[1 << steps];
  int64_t finest = int64_t{key} << steps;
  double mantissa = kBounds[finest & 31] * (2 / (growth + 1));
  return std::ldexp(mantissa, static_cast<int>(finest >> kFinestSchema));
}

// By slot, schema and the values of the bucket.
uint64_t Order(const Sketch::Bucket& bucket) {
  auto value = static_cast<uint32_t>(bucket.sign * bucket.key) ^ 0x80000000u;
  return uint64_t{bucket.slot} << 48 | uint64_t{static_cast<uint8_t>(bucket.schema + 128)} << 40 |
         uint64_t{bucket.sign > 0} << 32 | value;
}

void Add(Sketch::Slot& to, const Sketch::Slot& values) {
  to.min = to.n == 0 ? values.min : std::fmin(to.min, values.min);
  to.max = to.n == 0 ? values.max : std::fmax(to.max, values.max);
  to.n += values.n;
  to.zero += values.zero;
}

}  // namespace

uint16_t Sketch::AddSlot(const Slot& values, uint32_t slots) {
  if (!(values.n > 0)) return 0;
  // No two epochs of one window have the same slot, also where an epoch is not a whole number.
  double epoch = std::ceil(values.epoch);
  double rest = std::fmod(epoch, slots);
  auto index = static_cast<uint16_t>(rest < 0 ? rest + slots : rest);
  if (index >= slots_.size()) slots_.resize(index + size_t{1});
  slots_[index].epoch = epoch;
  Add(slots_[index], values);
  return index;
}

void Sketch::AddBucket(const Bucket& bucket) {
  if (!(bucket.count > 0)) return;
  schema_ = std::min(schema_, bucket.schema);
  buckets_.push_back(bucket);
}

void Sketch::Sum() {
  std::sort(buckets_.begin(), buckets_.end(),
            [](const Bucket& a, const Bucket& b) { return Order(a) < Order(b); });
  size_t summed = 0;
  for (const Bucket& bucket : buckets_) {
    if (summed > 0 && Order(buckets_[summed - 1]) == Order(bucket)) {
      buckets_[summed - 1].count += bucket.count;
    } else {
      buckets_[summed++] = bucket;
    }
  }
  buckets_.resize(summed);
}

void Sketch::Finish() {
  all_ = {};
  for (const Slot& slot : slots_) {
    if (slot.n > 0) Add(all_, slot);
  }
  for (Bucket& bucket : buckets_) {
    int steps = bucket.schema - schema_;
    bucket = {0, schema_, bucket.sign, (bucket.key + (1 << steps) - 1) >> steps, bucket.count};
  }
  Sum();
}

double Sketch::Quantile(double q) const {
  if (!(all_.n > 0)) return 0;
  double rank = std::max(1.0, std::ceil(q * all_.n));
  if (rank <= 1) return all_.min;
  if (rank >= all_.n) return all_.max;
  auto clamp = [this](double value) { return std::min(std::max(value, all_.min), all_.max); };
  double seen = 0;
  bool zeros = false;  // are counted
  for (const Bucket& bucket : buckets_) {
    if (bucket.sign > 0 && !zeros) {
      zeros = true;
      seen += all_.zero;
      if (seen >= rank) return clamp(0);
    }
    seen += bucket.count;
    if (seen >= rank) return clamp(bucket.sign * Estimate(schema_, bucket.key));
  }
  return !zeros && seen + all_.zero >= rank ? clamp(0) : all_.max;
}

}  // namespace prom
