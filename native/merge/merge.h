// The segments of a group become the families of one exposition.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merge/accumulator.h"
#include "merge/merge_plan.h"
#include "merge/view.h"

namespace prom {

class Merge {
 public:
  explicit Merge(View view) : view_(std::move(view)), plan_({view_.default_labels, view_.per_owner}) {}

  // `now_ms` is the wall clock that the owners use for the age windows of summaries.
  void Run(std::span<const MergeInput> inputs, double now_ms);

  const View& view() const { return view_; }
  // Families that were left out because another definition of their name was chosen.
  uint32_t conflicts() const { return conflicts_; }
  // In the order of their first registration.
  const std::vector<MergedFamily>& families() const { return plan_.families(); }
  const std::vector<MergedSeries>& series() const { return plan_.series(); }
  const MergedIdentity& identity(uint32_t series) const { return plan_.identity(series); }

  // The families that are shown, or the one called `name`, and the series of a family that are shown.
  std::vector<const MergedFamily*> ShownFamilies(const std::optional<std::string>& name) const;
  std::vector<uint32_t> ShownSeries(const MergedFamily& family) const;

  // Of a series: family.value_count values. Buckets are cumulative.
  const double* values(const MergedSeries& series) const { return accumulator_.values(series); }
  // The newest exemplar of each bucket.
  std::span<const Exemplar> exemplars(uint32_t series) const { return accumulator_.exemplars(series); }
  // All labels in the order in which prom-client prints them: `{a="1",b="2"} `, or ` ` when there are none. At least
  // kTextPadding bytes come after it.
  std::string_view text(const MergedSeries& series) const {
    return {texts_.data() + series.text, series.text_length};
  }
  static constexpr size_t kTextPadding = 32;
  bool texts_are_ascii() const { return texts_are_ascii_; }

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
  uint32_t conflicts_ = 0;
  std::string texts_;
  bool texts_are_ascii_ = true;
  Accumulator accumulator_;
};

}  // namespace prom
