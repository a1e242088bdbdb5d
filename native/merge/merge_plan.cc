#include "merge/merge_plan.h"

#include <algorithm>
#include <utility>

#include "format/merge_mode.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// Adds the label `pid`, as Python's client calls it. It replaces a label of that name that the series has.
void SetInstance(std::vector<LabelRef>& labels, std::string_view instance) {
  std::erase_if(labels, [](const LabelRef& label) { return label.name == "pid"; });
  labels.push_back({"pid", layout::LabelKind::kString, instance});
}

std::vector<Label> Copied(const std::vector<LabelRef>& labels) {
  std::vector<Label> copied;
  copied.reserve(labels.size());
  for (const LabelRef& label : labels) {
    copied.push_back({std::string(label.name), label.kind, std::string(label.text)});
  }
  return copied;
}

}  // namespace

int32_t MergePlan::AddFamily(FamilyRecord definition) {
  MergedFamily& family = families_.emplace_back();
  bool scalar = definition.type == MetricType::kCounter || definition.type == MetricType::kGauge;
  family.value_count = scalar ? 1 : static_cast<uint32_t>(definition.bounds.size()) + 2;
  family.definition = std::move(definition);
  return static_cast<int32_t>(families_.size() - 1);
}

uint32_t MergePlan::AddSeries(const MergeInput& input, size_t position, SegmentPlan& plan) {
  const std::vector<ReadSeries>& sources = input.reader->series();
  uint32_t dropped = 0;
  for (; plan.series < sources.size(); plan.series++) {
    const ReadSeries& source = sources[plan.series];
    FamilyPlan& family = plan.by_family[source.family];
    if (family.merged < 0) continue;
    int64_t series = SeriesOf(input, family, source, uint64_t{position} << 32 | plan.series);
    if (series < 0) {
      dropped++;
      continue;
    }
    auto index = static_cast<uint32_t>(series);
    family.contributions.push_back(
        {series_[index].value, index, source.cell, static_cast<uint32_t>(plan.series)});
  }
  return dropped;
}

// The series with the labels of `source`, a new one if need be; -1 where there is no room for another.
int64_t MergePlan::SeriesOf(const MergeInput& input, const FamilyPlan& plan, const ReadSeries& source,
                            uint64_t rank) {
  MergedFamily& family = families_[static_cast<size_t>(plan.merged)];
  // The label names are those of the segment that has the series: owners may list them in different orders.
  const FamilyRecord& own_definition = input.reader->families()[source.family].record;
  labels_.clear();
  defaults_.clear();
  for (const SeriesLabel& label : source.record.labels) {
    labels_.push_back({own_definition.label_names[label.name], label.kind, label.text});
  }
  bool apart = IsPerOwner(family.definition.merge_mode);
  // In the archive each owner's series has its label already.
  if (apart ? !input.reader->is_archive() : rules_.per_owner) SetInstance(labels_, input.instance);
  if (rules_.default_labels) {
    for (const Label& label : input.reader->scopes()[plan.scope].default_labels) {
      defaults_.push_back({label.name, label.kind, label.text});
    }
  }
  std::string_view key = keys_.Of(labels_, defaults_);
  auto found = family.by_labels.find(key);
  bool added = found == family.by_labels.end();
  uint32_t index = added ? static_cast<uint32_t>(series_.size()) : found->second;
  if (added) {
    if (series_.size() >= rules_.max_series) return -1;
    family.by_labels.emplace(key, index);
    family.sorted &= family.series.empty() || rank > identities_[family.series.back()].rank;
    family.series.push_back(index);
    AssignValues(family, series_.emplace_back());
    identities_.emplace_back();
  } else if (MergedIdentity& known = identities_[index]; rank > known.rank) {
    known.created_ms = std::min(known.created_ms, source.record.created_ms);
    return index;
  } else {
    family.sorted = false;
  }
  // The oldest owner decides where a series stands and how its labels are written.
  placed_ = false;
  series_[index].text_length = 0;
  double created_ms = source.record.created_ms;
  if (!added) created_ms = std::min(created_ms, identities_[index].created_ms);
  identities_[index] = {rank, created_ms, Copied(labels_), Copied(defaults_)};
  return index;
}

void MergePlan::AssignValues(const MergedFamily& family, MergedSeries& series) {
  series.value = value_count_;
  series.sketch = sketch_count_;
  // Plain addition of counts is exact: in a sum of histograms or summaries only the sum of the values has a low half.
  bool sum = family.definition.merge_mode == MergeMode::kSum;
  value_count_ += family.value_count + (sum ? 1 : family.value_count);
  if (family.definition.type == MetricType::kSummary) sketch_count_++;
}

bool MergePlan::Place(std::span<SegmentPlan> segments) {
  if (std::exchange(placed_, true)) return false;
  value_count_ = 0;
  sketch_count_ = 0;
  for (MergedFamily& family : families_) {
    if (!std::exchange(family.sorted, true)) {
      std::sort(family.series.begin(), family.series.end(),
                [&](uint32_t a, uint32_t b) { return identities_[a].rank < identities_[b].rank; });
    }
    for (uint32_t index : family.series) AssignValues(family, series_[index]);
  }
  for (SegmentPlan& plan : segments) {
    for (FamilyPlan& family : plan.by_family) {
      for (Contribution& from : family.contributions) from.value = series_[from.series].value;
    }
  }
  return true;
}

}  // namespace prom
