// The segments of a group become one set of families.
//
// A merge keeps a plan: which cell of which segment goes into which merged series. The plan is extended when series were
// appended and made anew when anything else changed, so that a scrape of an unchanged group hashes and allocates nothing:
// it adds numbers.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "merge/label_text.h"
#include "merge/sketch.h"
#include "read/segment_reader.h"

namespace prom {

// Whether a view shows the scopes that owners have chosen for clusterMetrics() or workerMetrics().
enum class Chosen { kNone, kCluster, kWorker };

// What is asked for: the families that are members of any of these scopes.
struct View {
  std::vector<std::string> scopes;
  bool default_labels = true;
  bool per_owner = false;         // each owner's series apart, told from the others by the label `pid`
  Chosen chosen = Chosen::kNone;  // otherwise all scopes that a segment marks so, in place of `scopes`

  bool operator==(const View&) const = default;
};

// One segment of the group, as it was read. A merge gets them oldest first, and always in the same order.
struct MergeInput {
  const SegmentReader* reader;
  bool live;
  // False when the owner ran before the last boot: its clock of `mostrecent` gauges says nothing about ours.
  bool this_boot;
  // What tells this owner from the others in the `all` modes: the value of the label `pid`.
  std::string instance;
  // Whether the owner's lock is held: that tells a segment from its copies.
  bool locked = true;
};

// The newest exemplar of a counter (bucket 0) or of one bucket of a histogram.
struct MergedExemplar {
  uint32_t bucket;
  double value;
  double time;  // Unix time in seconds
  std::vector<Label> labels;
};

// What a series is.
struct MergedIdentity {
  uint64_t rank = 0;  // place in the exposition: the oldest segment that has it, and its place there
  std::vector<Label> labels;
  std::vector<Label> defaults;  // those of its registry, also where the series has a label of that name
};

// What a scrape needs of a series: short, for it goes through all of them.
struct MergedSeries {
  uint64_t value = 0;  // index of its first value; a family says how many there are
  uint64_t text = 0;   // see Merge::text()
  uint32_t text_length = 0;
  uint32_t contributors = 0;  // not counted where all are summed
  uint32_t sketch = 0;        // summaries that are summed
  bool present = false;
};
static_assert(sizeof(MergedSeries) == 32);

// Values of one series: counter, gauge: the value. Histogram: sum, then cumulative buckets, the last one +Inf.
// Summary: each quantile, then sum, then count.
struct MergedFamily {
  FamilyRecord definition;
  uint32_t value_count = 0;
  uint32_t low_count = 0;  // values, the first ones, that are added without losing what plain addition would
  bool unsorted = false;
  std::vector<uint32_t> series;  // by rank
  std::unordered_map<std::string, uint32_t> by_labels;

  // True when this family is not to be shown at all: `omit`, and several live owners have it.
  bool omitted = false;
};

class Merge {
 public:
  explicit Merge(View view) : view_(std::move(view)) {}

  // `now_ms` is the wall clock that the owners use for the age windows of summaries.
  void Run(std::span<const MergeInput> inputs, double now_ms);

  const View& view() const { return view_; }
  // In the order of their first registration.
  const std::vector<MergedFamily>& families() const { return families_; }
  const std::vector<MergedSeries>& series() const { return series_; }
  // Of the series at that index.
  const MergedIdentity& identity(uint32_t series) const { return identities_[series]; }
  const double* values(const MergedSeries& series) const { return values_.data() + series.value; }
  // All labels in the order in which prom-client prints them: `{a="1",b="2"} `, or ` ` when there are none. At least
  // kTextPadding bytes come after it.
  std::string_view text(const MergedSeries& series) const {
    return {texts_.data() + series.text, series.text_length};
  }
  static constexpr size_t kTextPadding = 32;
  // Of all series: true only if each is.
  bool texts_are_ascii() const { return texts_are_ascii_; }
  // Of the series at that index; null when it has none.
  const std::vector<MergedExemplar>* exemplars(uint32_t series) const;
  // Families that were left out because another definition of their name was chosen.
  uint32_t conflicts() const { return conflicts_; }

 private:
  struct Contribution {
    uint64_t value;  // that of its series: a sum needs nothing else of it
    uint32_t series;
    uint32_t cell;
    uint32_t source;  // index into the reader's series
  };
  // Where a family of one segment goes; by index into the reader's families.
  struct FamilyPlan {
    int32_t merged = -1;
    int32_t scope = -1;  // index into the reader's scopes: whose default labels apply
    std::vector<Contribution> contributions;
  };
  // What the plan knows of one input. While this is true of the input, the plan holds.
  struct SegmentPlan {
    std::array<uint8_t, 16> id;
    uint64_t epoch;
    bool live;
    size_t families, members, scopes, series;
    std::string instance;
    std::vector<FamilyPlan> by_family;
  };

  // merge_plan.cc
  bool PlanHolds(std::span<const MergeInput> inputs) const;
  void MakePlan(std::span<const MergeInput> inputs);
  void PlanFamilies(std::span<const MergeInput> inputs);
  void PlanNewSeries(std::span<const MergeInput> inputs);
  uint32_t SeriesOf(const MergeInput& input, const FamilyPlan& plan, const ReadSeries& source, uint64_t rank);
  void SortNewSeries();

  // merge.cc
  void Accumulate(const MergeInput& input, const SegmentPlan& plan, double now_ms);
  void AccumulateScalars(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family);
  void AccumulateHistograms(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family);
  void AccumulateSummaries(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family,
                           double now_ms);
  void AccumulateExposed(const MergeInput& input, const FamilyPlan& plan, const MergedFamily& family,
                         double now_ms);
  void AccumulateValues(MergedSeries& series, const MergedFamily& family, const double* values);
  void AccumulateMostRecent(MergedSeries& series, const double* cells, bool this_boot);
  void AccumulateSketch(Sketch& sketch, const SegmentReader& reader, const ReadSeries& source,
                        const FamilyRecord& family, double now_ms) const;
  const std::vector<double>& Exposed(const SegmentReader& reader, const ReadSeries& source,
                                     const FamilyRecord& family, double now_ms);
  void Finish();
  void FinishSeries(const MergedFamily& family, const MergedSeries& series);
  // merge_exemplars.cc
  void AccumulateExemplars(const SegmentReader& reader, const FamilyPlan& plan);

  View view_;
  std::vector<SegmentPlan> plan_;
  std::vector<MergedFamily> families_;
  std::vector<MergedSeries> series_;
  std::vector<MergedIdentity> identities_;  // at the same indexes
  std::string texts_;
  bool texts_are_ascii_ = true;
  std::vector<LabelRef> own_;  // those of the series that is planned
  std::vector<LabelRef> defaults_;
  // Owners are added up where the result will be. In exposition order, of each series its values, and then what they lack
  // of the exact sum, or of a `mostrecent` gauge the time that it was set.
  std::vector<double> values_;
  std::vector<double> exposed_;  // one owner's values of a series, for modes other than sum
  std::vector<Sketch> sketches_;
  std::unordered_map<uint32_t, std::vector<MergedExemplar>> exemplars_;  // by index of the series
  uint32_t conflicts_ = 0;
};

}  // namespace prom
