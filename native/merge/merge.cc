#include "merge/merge.h"

#include <algorithm>
#include <cmath>

#include "base/double_double.h"
#include "format/merge_mode.h"

namespace prom {

using layout::MergeMode;
using layout::MetricType;

namespace {

// Adds to a value without losing what plain addition would.
void Add(double& value, double& low, double x) {
  DoubleDouble sum{value, low};
  sum.Add(x);
  value = sum.hi;
  low = sum.lo;
}

}  // namespace

void Merge::Run(std::span<const MergeInput> inputs, double now_ms) {
  if (!PlanHolds(inputs)) MakePlan(inputs);
  size_t known = series_.size();
  PlanNewSeries(inputs);
  bool reranked = std::any_of(families_.begin(), families_.end(),
                              [](const MergedFamily& family) { return family.unsorted; });
  if (series_.size() != known || reranked || known == 0) SortNewSeries();

  std::fill(values_.begin(), values_.end(), 0);
  std::fill(sketches_.begin(), sketches_.end(), Sketch{});
  for (MergedSeries& series : series_) series.contributors = 0;
  exemplars_.clear();
  for (size_t i = 0; i < inputs.size(); i++) Accumulate(inputs[i], plan_[i], now_ms);
  Finish();
}

void Merge::Accumulate(const MergeInput& input, const SegmentPlan& plan, double now_ms) {
  for (const FamilyPlan& from : plan.by_family) {
    if (from.contributions.empty()) continue;
    const MergedFamily& family = families_[static_cast<size_t>(from.merged)];
    MetricType type = family.definition.type;
    MergeMode mode = family.definition.merge_mode;
    if (!input.live && !OutlivesOwner(mode)) continue;
    if (input.reader->has_exemplars()) AccumulateExemplars(*input.reader, from);
    if (type == MetricType::kCounter || type == MetricType::kGauge) {
      AccumulateScalars(input, from, family);
    } else if (mode != MergeMode::kSum) {
      AccumulateExposed(input, from, family, now_ms);
    } else if (type == MetricType::kHistogram) {
      AccumulateHistograms(input, from, family);
    } else {
      AccumulateSummaries(input, from, family, now_ms);
    }
  }
}

void Merge::AccumulateScalars(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family) {
  const double* cells = input.reader->values();
  MergeMode mode = family.definition.merge_mode;
  bool archive = input.reader->is_archive();
  for (const Contribution& from : plan.contributions) {
    const double* own = cells + from.cell;
    if (mode == MergeMode::kSum) {
      double* to = &values_[from.value];
      Add(to[0], to[1], own[0]);
      if (archive) Add(to[0], to[1], own[1]);  // the second half of the sum
    } else if (IsMostRecent(mode)) {
      AccumulateMostRecent(series_[from.series], own, input.this_boot);
    } else {
      AccumulateValues(series_[from.series], family, own);
    }
  }
}

// Sum, then buckets; the count cell only marks a finished observation.
void Merge::AccumulateHistograms(const MergeInput& input, const FamilyPlan& plan,
                                 const MergedFamily& family) {
  const double* cells = input.reader->values();
  bool archive = input.reader->is_archive();
  uint32_t count = family.value_count;
  for (const Contribution& from : plan.contributions) {
    const double* own = cells + from.cell;
    double* to = &values_[from.value];
    Add(to[0], to[count], own[0]);
    if (archive) Add(to[0], to[count], own[family.definition.CellCount()]);
    for (uint32_t i = 1; i < count; i++) to[i] += own[i + 1];
  }
}

void Merge::AccumulateSummaries(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family,
                                double now_ms) {
  const double* cells = input.reader->values();
  uint64_t quantiles = family.definition.bounds.size();
  uint32_t count = family.value_count;
  for (const Contribution& from : plan.contributions) {
    const double* own = cells + from.cell;
    double* sum = &values_[from.value + quantiles];
    Add(sum[1], sum[count + 1], own[0]);
    Add(sum[0], sum[count], own[1]);
    if (input.reader->is_archive()) Add(sum[0], sum[count], own[family.definition.CellCount() + 1]);
    const ReadSeries& source = input.reader->series()[from.source];
    AccumulateSketch(sketches_[series_[from.series].sketch], *input.reader, source, family.definition,
                     now_ms);
  }
}

void Merge::AccumulateExposed(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family,
                              double now_ms) {
  for (const Contribution& from : plan.contributions) {
    const ReadSeries& source = input.reader->series()[from.source];
    const std::vector<double>& exposed = Exposed(*input.reader, source, family.definition, now_ms);
    AccumulateValues(series_[from.series], family, exposed.data());
  }
}

void Merge::AccumulateValues(MergedSeries& series, const MergedFamily& family, const double* values) {
  double* to = &values_[series.value];
  MergeMode mode = family.definition.merge_mode;
  uint32_t count = family.value_count;
  bool first = series.contributors++ == 0;
  switch (mode) {
    case MergeMode::kLiveSum:
    case MergeMode::kAverage:
      for (size_t i = 0; i < count; i++) Add(to[i], to[count + i], values[i]);
      return;
    case MergeMode::kMin:
    case MergeMode::kLiveMin:
    case MergeMode::kMax:
    case MergeMode::kLiveMax: {
      bool smaller = mode == MergeMode::kMin || mode == MergeMode::kLiveMin;
      for (size_t i = 0; i < count; i++) {
        if (first || Better(smaller, values[i], to[i])) to[i] = values[i];
      }
      return;
    }
    case MergeMode::kAll:
    case MergeMode::kLiveAll:  // an owner's pid may be that of one in the archive, which comes before it
      for (size_t i = 0; i < count; i++) to[i] = values[i];
      return;
    default:  // first, and omit, which has only one
      for (size_t i = 0; first && i < count; i++) to[i] = values[i];
  }
}

void Merge::AccumulateMostRecent(MergedSeries& series, const double* cells, bool this_boot) {
  double time = SetTime(cells[1], this_boot);
  if (time == 0) return;  // never set: no sample, as in Python's client
  double* to = &values_[series.value];
  if (series.contributors++ != 0 && !(time > to[1])) return;
  to[0] = cells[0];
  to[1] = time;
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
    MergeMode mode = family.definition.merge_mode;
    bool omit = mode == MergeMode::kOmit;
    for (uint32_t index : family.series) {
      MergedSeries& series = series_[index];
      // With one owner there is nothing to aggregate, and so nothing to leave out.
      series.present =
          mode == MergeMode::kSum || (omit ? series.contributors == 1 : series.contributors != 0);
      if (omit && series.contributors > 1) family.omitted = true;
      if (series.present) FinishSeries(family, series);
    }
  }
}

void Merge::FinishSeries(const MergedFamily& family, const MergedSeries& series) {
  double* values = &values_[series.value];
  MergeMode mode = family.definition.merge_mode;
  if (mode == MergeMode::kAverage) {
    for (uint32_t i = 0; i < family.value_count; i++) values[i] /= series.contributors;
  } else if (mode == MergeMode::kSum && family.definition.type == MetricType::kHistogram) {
    double cumulative = 0;
    for (uint32_t i = 1; i < family.value_count; i++) values[i] = cumulative += values[i];
  } else if (mode == MergeMode::kSum && family.definition.type == MetricType::kSummary) {
    Sketch& sketch = sketches_[series.sketch];
    sketch.Finish();
    for (double q : family.definition.bounds) *values++ = sketch.Quantile(q);
  }
}

}  // namespace prom
