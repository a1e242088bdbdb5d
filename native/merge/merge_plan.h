// Which cell of which segment goes into which merged series.
//
// A plan only grows: families are added once, series whenever a segment has new ones. A scrape keeps its plan until
// anything else changes, so that a scrape of an unchanged group hashes and allocates nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/keyed_hash.h"
#include "merge/label_text.h"
#include "read/segment_reader.h"

namespace prom {

// One segment of the group, as it was read. A merge gets the inputs in the order of their age, the oldest first.
struct MergeInput {
  const SegmentReader* reader;
  bool live;
  // False when the owner ran before the last boot: its times of `mostrecent` gauges are of another clock.
  bool this_boot;
  // The value of the label `pid`, which tells owners apart in the `all` modes.
  std::string instance;
  // What tells a segment from its copies: the lock is held, and the name is of its owner.
  bool locked = true;
  bool named = true;
};

struct MergedFamily {
  FamilyRecord definition;
  // Values of a series. Counter and gauge: the value. Histogram: sum, then buckets. Summary: each quantile, sum, count. After
  // them come the differences of the sums from the exact ones, or the time when a `mostrecent` gauge was set.
  uint32_t value_count;
  bool sorted = true;
  std::vector<uint32_t> series;  // by rank, once they are placed
  std::unordered_map<std::string, uint32_t, KeyedHash, std::equal_to<>> by_labels;
};

// The part of a series that a scrape reads each time.
struct MergedSeries {
  uint64_t value = 0;        // index of its first value
  uint64_t text = 0;         // see Merge::text()
  uint32_t text_length = 0;  // 0: there is no text yet
  uint32_t sketch = 0;       // of a summary
};

struct MergedIdentity {
  uint64_t rank = 0;      // the oldest segment that has the series, and the position there
  double created_ms = 0;  // since the epoch, in the first owner that had it
  std::vector<Label> labels;
  std::vector<Label> defaults;  // those of its registry, also where the series has a label of that name
};

// One series of a segment.
struct Contribution {
  uint64_t value;  // that of the merged series: a sum needs nothing else of it
  uint32_t series;
  uint32_t cell;
  uint32_t source;  // index into the reader's series
};

// One family of a segment.
struct FamilyPlan {
  int32_t merged = -1;
  uint32_t scope = 0;  // index into the reader's scopes; its default labels apply
  std::vector<Contribution> contributions;
};

struct SegmentPlan {
  size_t series = 0;                  // of the reader, that are planned
  std::vector<FamilyPlan> by_family;  // by index into the reader's families
};

class MergePlan {
 public:
  struct Rules {
    bool default_labels = true;
    bool per_owner = false;  // see View
    uint32_t max_series = UINT32_MAX;
  };

  explicit MergePlan(Rules rules) : rules_(rules) {}

  // Returns the index of the new family.
  int32_t AddFamily(FamilyRecord definition);

  // Plans the new series of the families that `plan` names. `position` is that of the input among all inputs. Returns how
  // many series found no room.
  uint32_t AddSeries(const MergeInput& input, size_t position, SegmentPlan& plan);

  // Sorts the series of each family by rank and places the values of all series in the order of the exposition. Returns
  // false when they are so already.
  bool Place(std::span<SegmentPlan> segments);

  std::vector<MergedFamily>& families() { return families_; }
  const std::vector<MergedFamily>& families() const { return families_; }
  std::vector<MergedSeries>& series() { return series_; }
  const std::vector<MergedSeries>& series() const { return series_; }
  const MergedIdentity& identity(uint32_t series) const { return identities_[series]; }
  uint64_t value_count() const { return value_count_; }
  uint32_t sketch_count() const { return sketch_count_; }

 private:
  int64_t SeriesOf(const MergeInput& input, const FamilyPlan& plan, const ReadSeries& source, uint64_t rank);
  void AssignValues(const MergedFamily& family, MergedSeries& series);

  Rules rules_;
  std::vector<MergedFamily> families_;
  std::vector<MergedSeries> series_;
  std::vector<MergedIdentity> identities_;  // at the same indexes
  uint64_t value_count_ = 0;
  uint32_t sketch_count_ = 0;
  bool placed_ = true;
  std::vector<LabelRef> labels_;  // of the series that is planned
  std::vector<LabelRef> defaults_;
  LabelKeys keys_;
};

}  // namespace prom
