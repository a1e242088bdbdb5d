#include "merge/sketch.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace prom {
namespace {

// The bounds of buckets 0 to 31 at schema 5. They must be the doubles of src/model/exponential-buckets.ts: a process's own
// quantiles and merged ones agree to the last digit.
constexpr int kFinestSchema = 5;
constexpr double kBounds[1 << kFinestSchema] = {1.0,
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
                                                1.9571441241753997};

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

// Makes all keys positive, so that the sign is free for that of the bucket.
constexpr int64_t kRankOfKey0 = int64_t{1} << 32;

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

void Sketch::AddPage(const PageKey& key, const double* counts) {
  all_.schema = std::min(all_.schema, key.schema);
  if (key.slot < slots_.size()) slots_[key.slot].schema = std::min(slots_[key.slot].schema, key.schema);
  Counts& page = pages_[key];
  for (size_t i = 0; i < page.size(); i++) {
    if (counts[i] > 0) page[i] += counts[i];
  }
}

void Sketch::Finish() {
  for (const Slot& slot : slots_) {
    if (slot.n > 0) Add(all_, slot);
  }
  for (const auto& [key, counts] : pages_) {
    int steps = key.schema - all_.schema;
    for (int32_t i = 0; i < static_cast<int32_t>(counts.size()); i++) {
      double count = counts[static_cast<size_t>(i)];
      int32_t bucket = (key.number * 32 + i + (1 << steps) - 1) >> steps;
      if (count > 0) buckets_.push_back({key.sign * (bucket + kRankOfKey0), count});
    }
  }
  std::sort(buckets_.begin(), buckets_.end(),
            [](const Bucket& a, const Bucket& b) { return a.rank < b.rank; });
}

double Sketch::Quantile(double q) const {
  if (!(all_.n > 0)) return 0;
  double rank = std::max(1.0, std::ceil(q * all_.n));
  if (rank <= 1) return all_.min;
  if (rank >= all_.n) return all_.max;
  auto clamp = [this](double value) { return std::min(std::max(value, all_.min), all_.max); };
  double seen = 0;
  bool zeros_seen = false;
  for (const Bucket& bucket : buckets_) {
    if (bucket.rank > 0 && !std::exchange(zeros_seen, true)) {
      seen += all_.zero;
      if (seen >= rank) return clamp(0);
    }
    seen += bucket.count;
    int sign = bucket.rank > 0 ? 1 : -1;
    if (seen >= rank)
      return clamp(sign * Estimate(all_.schema, static_cast<int32_t>(sign * bucket.rank - kRankOfKey0)));
  }
  return !zeros_seen && seen + all_.zero >= rank ? clamp(0) : all_.max;
}

}  // namespace prom
