#include "merge.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include "merge_mode.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// The text of an exemplar's slot: for each label the lengths of name and value, 16 bits each, then both. None when it
// contradicts itself.
std::optional<std::vector<MergedLabel>> DecodeExemplarLabels(const double* slot) {
  constexpr size_t kCapacity = layout::kExemplarTextCells * sizeof(double);
  if (!(slot[2] >= 0) || slot[2] > kCapacity) return std::nullopt;
  const char* p = reinterpret_cast<const char*>(slot + 3);
  auto left = static_cast<size_t>(slot[2]);
  std::vector<MergedLabel> labels;
  while (left > 0) {
    uint16_t lengths[2];
    if (left < sizeof lengths) return std::nullopt;
    std::memcpy(lengths, p, sizeof lengths);
    size_t whole = sizeof lengths + lengths[0] + lengths[1];
    if (left < whole) return std::nullopt;
    p += sizeof lengths;
    labels.push_back(
        {std::string(p, lengths[0]), layout::LabelKind::kString, std::string(p + lengths[0], lengths[1])});
    p += lengths[0] + lengths[1];
    left -= whole;
  }
  return labels;
}

}  // namespace

void Merge::Run(std::span<const MergeInput> inputs, double now_ms) {
  if (!PlanHolds(inputs)) MakePlan(inputs);
  size_t known = series_.size();
  PlanNewSeries(inputs);
  bool reranked = std::any_of(families_.begin(), families_.end(),
                              [](const MergedFamily& family) { return family.unsorted; });
  if (series_.size() != known || reranked || known == 0) SortNewSeries();

  std::fill(accumulators_.begin(), accumulators_.end(), DoubleDouble{});
  std::fill(sketches_.begin(), sketches_.end(), Sketch{});
  for (MergedSeries& series : series_) {
    series.contributors = 0;
    series.exemplars.clear();
  }
  for (size_t i = 0; i < inputs.size(); i++) Accumulate(inputs[i], plan_[i], now_ms);
  Finish();
}

void Merge::Accumulate(const MergeInput& input, const SegmentPlan& plan, double now_ms) {
  const double* cells = input.reader->values();
  bool archive = input.reader->is_archive();  // where sums have a second half
  for (const Contribution& from : plan.contributions) {
    MergedSeries& series = series_[from.series];
    const MergedFamily& family = families_[series.family];
    MergeMode mode = family.definition.merge_mode;
    if (!input.live && !OutlivesOwner(mode)) continue;
    const double* own = cells + from.cell;
    const ReadSeries& source = input.reader->series()[from.source];
    if (!source.exemplars.empty()) AccumulateExemplars(series, cells, source);
    MetricType type = family.definition.type;
    if (type == MetricType::kCounter || type == MetricType::kGauge) {
      if (IsMostRecent(mode)) {
        AccumulateMostRecent(series, own, input.this_boot);
      } else {
        AccumulateValues(series, mode, own, 1);
        if (archive && mode == MergeMode::kSum) accumulators_[series.accumulator].Add(own[1]);
      }
      continue;
    }
    if (mode != MergeMode::kSum) {
      const std::vector<double>& exposed = Exposed(*input.reader, source, family.definition, now_ms);
      AccumulateValues(series, mode, exposed.data(), exposed.size());
    } else if (type == MetricType::kHistogram) {
      // Sum, then buckets; the count cell only marks a finished observation.
      DoubleDouble* to = &accumulators_[series.accumulator];
      to[0].Add(own[0]);
      if (archive) to[0].Add(own[family.definition.CellCount()]);
      for (uint32_t i = 1; i < family.value_count; i++) to[i].hi += own[i + 1];
      series.contributors++;
    } else {
      DoubleDouble* to = &accumulators_[series.accumulator];
      to[0].Add(own[0]);
      to[1].Add(own[1]);
      if (archive) to[1].Add(own[family.definition.CellCount() + 1]);
      AccumulateSketch(sketches_[series.sketch], *input.reader, source, family.definition, now_ms);
      series.contributors++;
    }
  }
}

void Merge::AccumulateValues(MergedSeries& series, MergeMode mode, const double* values, size_t count) {
  DoubleDouble* to = &accumulators_[series.accumulator];
  bool first = series.contributors++ == 0;
  switch (mode) {
    case MergeMode::kSum:
    case MergeMode::kLiveSum:
    case MergeMode::kAverage:
      for (size_t i = 0; i < count; i++) to[i].Add(values[i]);
      return;
    case MergeMode::kMin:
    case MergeMode::kLiveMin:
    case MergeMode::kMax:
    case MergeMode::kLiveMax: {
      bool smaller = mode == MergeMode::kMin || mode == MergeMode::kLiveMin;
      for (size_t i = 0; i < count; i++) {
        if (first || Better(smaller, values[i], to[i].hi)) to[i].hi = values[i];
      }
      return;
    }
    case MergeMode::kAll:
    case MergeMode::kLiveAll:  // an owner's pid may be that of one in the archive, which comes before it
      for (size_t i = 0; i < count; i++) to[i].hi = values[i];
      return;
    default:  // first, and omit, which has only one
      for (size_t i = 0; first && i < count; i++) to[i].hi = values[i];
  }
}

void Merge::AccumulateMostRecent(MergedSeries& series, const double* cells, bool this_boot) {
  double time = SetTime(cells[1], this_boot);
  if (time == 0) return;  // never set: no sample, as in Python's client
  DoubleDouble* to = &accumulators_[series.accumulator];
  if (series.contributors++ != 0 && !(time > to[1].hi)) return;
  to[0].hi = cells[0];
  to[1].hi = time;
}

void Merge::AccumulateSketch(Sketch& sketch, const SegmentReader& reader, const ReadSeries& source,
                             const FamilyRecord& family, double now_ms) const {
  const double* cells = reader.values();
  double now = std::isfinite(family.slot_ms) ? std::floor(now_ms / family.slot_ms) : 1;
  for (uint32_t slot = 0; slot < family.age_buckets; slot++) {
    const double* head = cells + source.cell + layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells;
    bool current = head[0] > now - family.age_buckets && head[0] <= now;
    // Of a slot that its owner is resetting the pages may still be those of an epoch that is over.
    if (!current || !(head[2] > 0)) continue;
    sketch.AddSlot(head[2], head[3], head[4], head[5]);
    for (const ReadPage& page : source.pages) {
      if (page.slot != slot || page.generation != head[1]) continue;
      for (int32_t i = 0; i < static_cast<int32_t>(layout::kPageCells); i++) {
        sketch.AddBucket(page.schema, page.number * 32 + i, page.sign,
                         cells[page.cell + static_cast<uint32_t>(i)]);
      }
    }
  }
}

void Merge::AccumulateExemplars(MergedSeries& series, const double* cells, const ReadSeries& source) const {
  for (const ReadExemplar& exemplar : source.exemplars) {
    const double* own = cells + exemplar.cell;
    if (own[0] != 1 && own[0] != 2) continue;  // none yet
    const double* slot = own + 1 + (own[0] == 2 ? layout::kExemplarSlotCells : 0);
    auto known = std::find_if(series.exemplars.begin(), series.exemplars.end(),
                              [&](const MergedExemplar& other) { return other.bucket == exemplar.bucket; });
    if (known != series.exemplars.end() && !(slot[1] > known->time)) continue;
    auto labels = DecodeExemplarLabels(slot);
    if (!labels) continue;  // the owner has filled both slots while we read
    if (known == series.exemplars.end()) known = series.exemplars.insert(known, {exemplar.bucket, 0, 0, {}});
    known->value = slot[0];
    known->time = slot[1];
    known->labels = std::move(*labels);
  }
}

// What one owner alone would expose.
const std::vector<double>& Merge::Exposed(const SegmentReader& reader, const ReadSeries& source,
                                          const FamilyRecord& family, double now_ms) {
  const double* own = reader.values() + source.cell;
  exposed_.clear();
  if (family.type == MetricType::kHistogram) {
    exposed_.push_back(own[0]);
    double cumulative = 0;
    for (uint32_t i = layout::kHistogramHeaderCells; i < family.CellCount(); i++) {
      exposed_.push_back(cumulative += own[i]);
    }
  } else {
    Sketch sketch;
    AccumulateSketch(sketch, reader, source, family, now_ms);
    sketch.Finish();
    for (double q : family.bounds) exposed_.push_back(sketch.Quantile(q));
    exposed_.push_back(own[1]);
    exposed_.push_back(own[0]);
  }
  return exposed_;
}

void Merge::Finish() {
  for (MergedFamily& family : families_) {
    family.omitted = false;
    bool omit = family.definition.merge_mode == MergeMode::kOmit;
    for (uint32_t index : family.series) {
      MergedSeries& series = series_[index];
      // With one owner there is nothing to aggregate, and so nothing to leave out.
      series.present = omit ? series.contributors == 1 : series.contributors != 0;
      if (omit && series.contributors > 1) family.omitted = true;
      if (series.present) FinishSeries(family, series);
    }
  }
}

void Merge::FinishSeries(const MergedFamily& family, MergedSeries& series) {
  const DoubleDouble* from = &accumulators_[series.accumulator];
  double* to = &values_[series.value];
  MergeMode mode = family.definition.merge_mode;
  if (mode != MergeMode::kSum || family.value_count == 1) {
    double divisor = mode == MergeMode::kAverage ? series.contributors : 1;
    for (uint32_t i = 0; i < family.value_count; i++) to[i] = from[i].Value() / divisor;
  } else if (family.definition.type == MetricType::kHistogram) {
    to[0] = from[0].Value();
    double cumulative = 0;
    for (uint32_t i = 1; i < family.value_count; i++) to[i] = cumulative += from[i].hi;
  } else {
    Sketch& sketch = sketches_[series.sketch];
    sketch.Finish();
    uint32_t i = 0;
    for (double q : family.definition.bounds) to[i++] = sketch.Quantile(q);
    to[i++] = from[1].Value();
    to[i] = from[0].Value();
  }
}

}  // namespace prom
