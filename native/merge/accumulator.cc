#include "merge/accumulator.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "base/double_double.h"
#include "format/merge_mode.h"
#include "format/record.h"
#include "merge/label_text.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

constexpr size_t kTextCell = 3;

// Calls `each(name, text)` for the labels in the text of a slot: for each label the lengths of name and value, 16 bits each,
// then both. Returns false when the lengths contradict each other.
template <typename Each>
bool EachLabel(const double* slot, Each each) {
  if (!(slot[2] >= 0) || slot[2] > layout::kExemplarTextCells * sizeof(double)) return false;
  std::string_view rest(reinterpret_cast<const char*>(slot + kTextCell), static_cast<size_t>(slot[2]));
  while (!rest.empty()) {
    uint16_t lengths[2];
    if (rest.size() < sizeof lengths) return false;
    std::memcpy(lengths, rest.data(), sizeof lengths);
    rest.remove_prefix(sizeof lengths);
    size_t length = size_t{lengths[0]} + lengths[1];
    if (rest.size() < length) return false;
    each(rest.substr(0, lengths[0]), rest.substr(lengths[0], lengths[1]));
    rest.remove_prefix(length);
  }
  return true;
}

// Adds the current slot of an exemplar's cells if it is newer than the known exemplar of its bucket. A slot whose text
// contradicts itself does not count.
void KeepNewest(std::vector<Exemplar>& exemplars, uint32_t bucket, const double* cells) {
  if (cells[0] != 1 && cells[0] != 2) return;
  const double* slot = cells + 1 + (cells[0] == 2 ? layout::kExemplarSlotCells : 0);
  auto known = std::find_if(exemplars.begin(), exemplars.end(),
                            [bucket](const Exemplar& other) { return other.bucket == bucket; });
  bool newest = known == exemplars.end() || slot[1] > known->time();
  if (!newest || !EachLabel(slot, [](auto, auto) {})) return;
  if (known == exemplars.end()) known = exemplars.insert(known, {bucket, {}});
  known->slot.fill(0);
  size_t length = (static_cast<size_t>(slot[2]) + sizeof(double) - 1) / sizeof(double);
  std::copy_n(slot, kTextCell + length, known->slot.begin());
}

bool IsScalar(const MergedFamily& family) {
  return family.definition.type == MetricType::kCounter || family.definition.type == MetricType::kGauge;
}

void Add(double& value, double& low, double x) {
  DoubleDouble sum{value, low};
  sum.Add(x);
  value = sum.hi;
  low = sum.lo;
}

// Adds an owner's histogram. Its count cell only marks the end of an observation.
void AddHistogram(const MergedFamily& family, const double* cells, bool archive, double* to) {
  uint32_t count = family.value_count;
  Add(to[0], to[count], cells[0]);
  if (archive) Add(to[0], to[count], cells[count + 1]);
  for (uint32_t i = 1; i < count; i++) to[i] += cells[i + 1];
}

// Adds an owner's summary. Slots whose epoch is over are left out, and of the others pages of an earlier generation.
void AddSummary(const MergedFamily& family, const SegmentReader& reader, const ReadSeries& source,
                double now_ms, double* to, Sketch& sketch) {
  const FamilyRecord& definition = family.definition;
  const double* cells = reader.values() + source.cell;
  uint32_t count = family.value_count;
  double& sum = to[count - 2];
  Add(sum, to[count], cells[1]);
  if (reader.is_archive()) Add(sum, to[count], cells[definition.CellCount() + 1]);
  to[count - 1] += cells[0];

  double now = std::isfinite(definition.slot_ms) ? std::floor(now_ms / definition.slot_ms) : 1;
  for (uint32_t slot = 0; slot < definition.age_buckets; slot++) {
    const double* own = cells + layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells;
    double epoch = own[layout::kSlotEpoch];
    bool current = epoch > now - definition.age_buckets && epoch <= now;
    // While its owner resets a slot, its pages may still be those of the epoch before.
    if (!current || !(own[layout::kSlotN] > 0)) continue;
    uint16_t to_slot = sketch.AddSlot(
        {epoch, own[layout::kSlotN], own[layout::kSlotZero], own[layout::kSlotMin], own[layout::kSlotMax]},
        definition.age_buckets);
    for (const ReadPage& page : source.pages) {
      if (page.slot != slot || page.generation != own[layout::kSlotGeneration]) continue;
      sketch.AddPage({to_slot, page.schema, page.sign, page.number}, reader.values() + page.cell);
    }
  }
}

// Turns the values of one owner, or of a sum, into those of an exposition.
void Expose(const MergedFamily& family, Sketch* sketch, double* values) {
  if (family.definition.type == MetricType::kHistogram) {
    double cumulative = 0;
    for (uint32_t i = 1; i < family.value_count; i++) values[i] = cumulative += values[i];
  } else if (family.definition.type == MetricType::kSummary) {
    sketch->Finish();
    for (double q : family.definition.bounds) *values++ = sketch->Quantile(q);
  }
}

}  // namespace

std::vector<Label> Exemplar::Labels() const {
  std::vector<Label> labels;
  EachLabel(slot.data(), [&](std::string_view name, std::string_view text) {
    labels.push_back({std::string(name), layout::LabelKind::kString, std::string(text)});
  });
  return labels;
}

bool Exemplar::IsOpenMetrics() const {
  constexpr int64_t kMostCharacters = 128;
  bool legal = true;
  int64_t characters = 0;
  EachLabel(slot.data(), [&](std::string_view name, std::string_view text) {
    legal &= IsLabelName(name);
    for (std::string_view part : {name, text}) {
      // All bytes but those that continue a character.
      characters += std::count_if(part.begin(), part.end(), [](char c) { return (c & 0xc0) != 0x80; });
    }
  });
  return legal && characters <= kMostCharacters;
}

void Accumulator::Clear() {
  std::fill(values_.begin(), values_.end(), 0);
  std::fill(contributors_.begin(), contributors_.end(), 0);
  std::fill(sketches_.begin(), sketches_.end(), Sketch());
  natives_.clear();
  exemplars_.clear();
}

void Accumulator::Add(const MergePlan& plan, const MergeInput& input, const SegmentPlan& segment,
                      double now_ms) {
  values_.resize(plan.value_count());
  contributors_.resize(plan.series().size());
  sketches_.resize(plan.sketch_count());
  for (const FamilyPlan& family : segment.by_family) {
    if (!family.contributions.empty()) AddFamily(plan, input, family, now_ms);
  }
}

void Accumulator::AddFamily(const MergePlan& merged, const MergeInput& input, const FamilyPlan& plan,
                            double now_ms) {
  const MergedFamily& family = merged.families()[static_cast<size_t>(plan.merged)];
  const SegmentReader& reader = *input.reader;
  MetricType type = family.definition.type;
  MergeMode mode = family.definition.merge_mode;
  bool archive = reader.is_archive();
  if (!input.live && !OutlivesOwner(mode)) return;
  if (reader.has_exemplars()) AddExemplars(reader, plan);

  auto each = [&](auto add) {
    for (const Contribution& from : plan.contributions) add(from, reader.values() + from.cell);
  };
  bool scalar = IsScalar(family);
  if (mode == MergeMode::kSum && scalar) {
    each([&](const Contribution& from, const double* cells) {
      double* to = &values_[from.value];
      prom::Add(to[0], to[1], cells[0]);
      if (archive) prom::Add(to[0], to[1], cells[1]);  // the low half
    });
  } else if (mode == MergeMode::kSum && type == MetricType::kHistogram) {
    if (reader.has_native()) AddNative(reader, plan);
    each([&](const Contribution& from, const double* cells) {
      AddHistogram(family, cells, archive, &values_[from.value]);
    });
  } else if (mode == MergeMode::kSum) {
    each([&](const Contribution& from, const double*) {
      AddSummary(family, reader, reader.series()[from.source], now_ms, &values_[from.value],
                 sketches_[merged.series()[from.series].sketch]);
    });
  } else if (IsMostRecent(mode)) {
    each([&](const Contribution& from, const double* cells) { AddMostRecent(from, cells, input.this_boot); });
  } else if (scalar) {
    each([&](const Contribution& from, const double* cells) { AddValues(family, from, cells); });
  } else {
    // The other modes merge the values that each owner alone would expose.
    std::vector<double> own;
    each([&](const Contribution& from, const double* cells) {
      own.assign(family.value_count + 1, 0);
      Sketch sketch;
      if (type == MetricType::kHistogram) {
        AddHistogram(family, cells, archive, own.data());
      } else {
        AddSummary(family, reader, reader.series()[from.source], now_ms, own.data(), sketch);
      }
      Expose(family, &sketch, own.data());
      AddValues(family, from, own.data());
    });
  }
}

void Accumulator::AddValues(const MergedFamily& family, const Contribution& to, const double* values) {
  using enum MergeMode;
  double* known = &values_[to.value];
  MergeMode mode = family.definition.merge_mode;
  uint32_t count = family.value_count;
  bool first = contributors_[to.series]++ == 0;
  bool smaller = mode == kMin || mode == kLiveMin;
  if (mode == kLiveSum || mode == kAverage) {
    for (size_t i = 0; i < count; i++) prom::Add(known[i], known[count + i], values[i]);
  } else if (smaller || mode == kMax || mode == kLiveMax) {
    for (size_t i = 0; i < count; i++) {
      if (first || Better(smaller, values[i], known[i])) known[i] = values[i];
    }
  } else if (first || IsPerOwner(mode)) {
    // Also `omit`, which shows a series of one owner only. Where owners are apart, an earlier one may have had the same pid.
    std::copy_n(values, count, known);
  }
}

// A gauge that was never set has no sample, as in Python's client. Of two that were set at once the older owner's counts.
void Accumulator::AddMostRecent(const Contribution& to, const double* cells, bool this_boot) {
  double time = SetTime(cells[1], this_boot);
  if (time == 0) return;
  double* known = &values_[to.value];
  if (contributors_[to.series]++ != 0 && !(time > known[1])) return;
  known[0] = cells[0];
  known[1] = time;
}

void Accumulator::AddNative(const SegmentReader& reader, const FamilyPlan& plan) {
  for (const Contribution& from : plan.contributions) {
    const ReadSeries& source = reader.series()[from.source];
    if (source.native.cell < 0) continue;
    const double* head = reader.values() + source.native.cell;
    NativeSum& sum = natives_[from.series];
    sum.AddHeader(head[layout::kNativeSchema], head[layout::kNativeZero], source.native.zero_threshold);
    for (const ReadPage& page : source.pages) {
      if (page.generation != head[layout::kNativeGeneration]) continue;
      sum.AddPage(page.schema, page.sign, page.number, reader.values() + page.cell);
    }
  }
}

void Accumulator::FinishNative() {
  for (auto& [series, native] : natives_) native.Finish();
}

void Accumulator::AddExemplars(const SegmentReader& reader, const FamilyPlan& plan) {
  for (const Contribution& from : plan.contributions) {
    for (const ReadExemplar& exemplar : reader.series()[from.source].exemplars) {
      KeepNewest(exemplars_[from.series], exemplar.bucket, reader.values() + exemplar.cell);
    }
  }
}

std::span<const Exemplar> Accumulator::exemplars(uint32_t series) const {
  auto found = exemplars_.find(series);
  return found == exemplars_.end() ? std::span<const Exemplar>() : found->second;
}

void Accumulator::Finish(const MergePlan& plan) {
  FinishNative();
  for (const MergedFamily& family : plan.families()) {
    MergeMode mode = family.definition.merge_mode;
    bool average = mode == MergeMode::kAverage;
    if (!average && (mode != MergeMode::kSum || IsScalar(family))) continue;
    for (uint32_t index : family.series) {
      const MergedSeries& series = plan.series()[index];
      double* values = &values_[series.value];
      if (!average) Expose(family, sketches_.data() + series.sketch, values);
      for (uint32_t i = 0; average && i < family.value_count; i++) values[i] /= contributors_[index];
    }
  }
}

}  // namespace prom
