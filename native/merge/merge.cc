#include "merge/merge.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// prom-client prints a histogram's default labels before its own, other types' after.
void AppendText(const MergedIdentity& series, MetricType type, std::string& out) {
  std::string text;
  bool defaults_first = type == MetricType::kHistogram;
  if (defaults_first) AppendLabels(text, series.defaults, series.labels);
  AppendLabels(text, series.labels);
  if (!defaults_first) AppendLabels(text, series.defaults, series.labels);
  if (!text.empty()) out.append(1, '{').append(text).append(1, '}');
  out.append(1, ' ');
}

}  // namespace

void Merge::Run(std::span<const MergeInput> inputs, double now_ms) {
  std::vector<InputState> states;
  for (const MergeInput& input : inputs) {
    states.push_back({input.reader->version(), input.live, input.instance});
  }
  if (states != states_) {
    states_ = std::move(states);
    MakePlan(inputs);
  }
  for (size_t i = 0; i < inputs.size(); i++) plan_.AddSeries(inputs[i], i, segments_[i]);
  if (plan_.Place(segments_)) MakeTexts();

  accumulator_.Clear();
  for (size_t i = 0; i < inputs.size(); i++) accumulator_.Add(plan_, inputs[i], segments_[i], now_ms);
  accumulator_.Finish(plan_);
}

void Merge::MakePlan(std::span<const MergeInput> inputs) {
  plan_ = MergePlan({view_.default_labels, view_.per_owner});
  segments_.clear();
  for (const MergeInput& input : inputs) {
    segments_.push_back({0, std::vector<FamilyPlan>(input.reader->families().size())});
  }
  conflicts_ = PlanFamilies(view_, inputs, plan_, segments_);
  texts_.clear();
  texts_are_ascii_ = true;
}

void Merge::MakeTexts() {
  for (const MergedFamily& family : plan_.families()) {
    for (uint32_t index : family.series) {
      MergedSeries& series = plan_.series()[index];
      if (series.text_length > 0) continue;
      series.text = texts_.size();
      AppendText(plan_.identity(index), family.definition.type, texts_);
      series.text_length = static_cast<uint32_t>(texts_.size() - series.text);
      texts_are_ascii_ &= IsAscii(text(series));
    }
  }
  texts_.append(kTextPadding, '\0');
}

std::vector<const MergedFamily*> Merge::ShownFamilies(const std::optional<std::string>& name) const {
  std::vector<const MergedFamily*> shown;
  for (const MergedFamily& family : families()) {
    // The mode `omit` hides a family as soon as one of its series has several owners.
    bool omitted = family.definition.merge_mode == MergeMode::kOmit &&
                   std::any_of(family.series.begin(), family.series.end(),
                               [&](uint32_t index) { return accumulator_.contributors(index) > 1; });
    if (!omitted && (!name || family.definition.name == *name)) shown.push_back(&family);
  }
  return shown;
}

std::vector<uint32_t> Merge::ShownSeries(const MergedFamily& family) const {
  std::vector<uint32_t> shown;
  shown.reserve(family.series.size());
  for (uint32_t index : family.series) {
    if (accumulator_.HasValue(family, index)) shown.push_back(index);
  }
  return shown;
}

}  // namespace prom
