// Adds up the cells of segments by a plan. It implements the merge modes, for scrapes and for the archive.
//
// Sums are double-double numbers, so that no total decreases by its last digit when its terms come in another order.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "merge/merge_plan.h"
#include "merge/native_sum.h"
#include "merge/sketch.h"

namespace prom {

// An exemplar of a counter (bucket 0) or of one bucket of a histogram.
struct Exemplar {
  uint32_t bucket;
  std::array<double, layout::kExemplarSlotCells> slot;  // zeros after the text

  double value() const { return slot[0]; }
  double time() const { return slot[1]; }  // Unix time in seconds
  std::vector<Label> Labels() const;
  // Whether OpenMetrics 1.0 allows its labels: legal names, and at most 128 characters in all.
  bool IsOpenMetrics() const;
};

class Accumulator {
 public:
  void Clear();

  // Adds a segment. The plan may have series that it did not have before. `now_ms` is the wall clock, by which age slots of
  // summaries are current or over.
  void Add(const MergePlan& plan, const MergeInput& input, const SegmentPlan& segment, double now_ms);

  // After the last Add() of a scrape: turns sums into averages and cumulative buckets, and makes the quantiles.
  void Finish(const MergePlan& plan);

  // Of each series: its values, and then the low halves of sums, or the time of a `mostrecent` gauge.
  const double* values(const MergedSeries& series) const { return values_.data() + series.value; }
  // Owners that have added to a series; not counted in the mode `sum`.
  uint32_t contributors(uint32_t series) const { return contributors_[series]; }
  // Whether a series has a sample. The mode `omit` shows one of a single owner: there is nothing to aggregate.
  bool HasValue(const MergedFamily& family, uint32_t series) const {
    using enum layout::MergeMode;
    if (family.definition.merge_mode == kOmit) return contributors_[series] == 1;
    return family.definition.merge_mode == kSum || contributors_[series] != 0;
  }
  const Sketch& sketch(const MergedSeries& series) const { return sketches_[series.sketch]; }
  // Null for a series that is no native histogram. Only sums of histograms are.
  const NativeSum* native(uint32_t series) const {
    auto found = natives_.find(series);
    return found == natives_.end() ? nullptr : &found->second;
  }
  // Finishes the sums of native histograms, for an archive: Finish() does it for a scrape.
  void FinishNative();
  // The newest one of each bucket.
  std::span<const Exemplar> exemplars(uint32_t series) const;

 private:
  void AddFamily(const MergePlan& merged, const MergeInput& input, const FamilyPlan& plan, double now_ms);
  void AddValues(const MergedFamily& family, const Contribution& to, const double* values);
  void AddMostRecent(const Contribution& to, const double* cells, bool this_boot);
  void AddNative(const SegmentReader& reader, const FamilyPlan& plan);
  void AddExemplars(const SegmentReader& reader, const FamilyPlan& plan);

  std::vector<double> values_;
  std::vector<uint32_t> contributors_;  // by series
  std::vector<Sketch> sketches_;
  std::unordered_map<uint32_t, NativeSum> natives_;                // by series
  std::unordered_map<uint32_t, std::vector<Exemplar>> exemplars_;  // by series
};

}  // namespace prom
