// The segments of a group become the families of one exposition.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "files/owner.h"
#include "merge/accumulator.h"
#include "merge/encoded_labels.h"
#include "merge/merge_plan.h"

namespace prom {

// Whether a view shows the scopes that owners have chosen for clusterMetrics() or workerMetrics(), or all scopes.
enum class Chosen : uint32_t {
  kNone = 0,
  kCluster = layout::kChosenForCluster,
  kWorker = layout::kChosenForWorker,
  kAll = ~0u,
};

// A view chooses the families that one exposition shows.
struct View {
  std::vector<std::string> scopes;
  bool default_labels = true;
  bool per_owner = false;  // each owner's series apart, with the label `pid`
  // In place of `scopes` the ones that any segment marks as chosen, or the global scope where there are none.
  Chosen chosen = Chosen::kNone;
  std::optional<ProcessIdentity> process{};  // only the owners of this process, alive and dead

  bool operator==(const View&) const = default;
};

// The names of the families that an exposition has. None: all families.
using FamilyNames = std::optional<std::vector<std::string>>;

inline bool HasName(const FamilyNames& names, std::string_view name) {
  return !names || std::find(names->begin(), names->end(), name) != names->end();
}

// The labels of a series in the order in which prom-client prints them: `{a="1",b="2"} `, or ` ` when there are none.
// Returns whether there is a label name that not all readers accept.
bool AppendText(const MergedIdentity& series, layout::MetricType type, std::string& out,
                Escaping escaping = Escaping::kUnderscores);

class Merge {
 public:
  explicit Merge(View view) : view_(std::move(view)), plan_({view_.default_labels, view_.per_owner}) {}

  // `now_ms` is the wall clock that the owners use for the age windows of summaries.
  void Run(std::span<const MergeInput> inputs, double now_ms);

  const View& view() const { return view_; }
  // Another one after each change of the plan, in all merges of this process.
  uint64_t version() const { return version_; }
  // Families that were left out because another definition of their name was chosen.
  uint32_t conflicts() const { return conflicts_; }
  // Families in the order of their first registration, and their series.
  const MergePlan& plan() const { return plan_; }
  // Of a series: family.value_count values, of which buckets are cumulative, and its exemplars.
  const Accumulator& totals() const { return accumulator_; }

  // The families of these names that are shown, and the series of a family that are shown.
  std::vector<const MergedFamily*> ShownFamilies(const FamilyNames& names) const;
  std::vector<uint32_t> ShownSeries(const MergedFamily& family) const;

  // See AppendText(). At least kTextPadding bytes come after it.
  std::string_view text(const MergedSeries& series) const {
    return {texts_.data() + series.text, series.text_length};
  }
  static constexpr size_t kTextPadding = 32;
  bool texts_are_ascii() const { return texts_are_ascii_; }
  // Whether one of the texts has an object's text as it is, with quotation marks perhaps.
  bool texts_are_raw() const { return texts_are_raw_; }
  // Whether one of the texts has a name that not all readers accept, as underscores have it.
  bool texts_are_escaped() const { return texts_are_escaped_; }

  // For a renderer that does not use the texts. The place of the text of a series is the version of its labels.
  EncodedLabels& encoded_labels() const { return encoded_labels_; }

 private:
  // The plan holds as long as this of each input stays the same.
  struct InputState {
    uint64_t version;
    bool live;
    std::string instance;
    bool operator==(const InputState&) const = default;
  };

  void MakePlan(std::span<const MergeInput> inputs);
  void MakeTexts();

  View view_;
  MergePlan plan_;
  std::vector<InputState> states_;
  std::vector<SegmentPlan> segments_;
  uint64_t version_ = 0;
  uint32_t conflicts_ = 0;
  std::string texts_;
  bool texts_are_ascii_ = true;
  bool texts_are_raw_ = false;
  bool texts_are_escaped_ = false;
  mutable EncodedLabels encoded_labels_;
  Accumulator accumulator_;
};

}  // namespace prom
