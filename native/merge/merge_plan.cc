// The planning half of Merge: which cell of which segment goes where.
#include <algorithm>
#include <cstring>
#include <map>
#include <tuple>

#include "base/ascii.h"
#include "format/merge_mode.h"
#include "merge/merge.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// A family of one segment that belongs to the view.
struct Candidate {
  size_t segment;
  uint32_t family;
  int32_t scope;
  size_t scope_place;  // of its scope in the view
  uint64_t rank;
};

// Scope by scope as they were asked for, and within one in the order of registration.
bool Before(const Candidate& a, const Candidate& b) {
  return std::tie(a.scope_place, a.rank) < std::tie(b.scope_place, b.rank);
}

// Two definitions of one name can be merged when their cells mean the same.
bool Compatible(const FamilyRecord& a, const FamilyRecord& b) {
  if (a.type != b.type || a.CellCount() != b.CellCount()) return false;
  if (a.type == MetricType::kHistogram) return a.bounds == b.bounds;
  if (a.type == MetricType::kSummary) return a.slot_ms == b.slot_ms;
  return true;
}

uint32_t ValueCount(const FamilyRecord& family) {
  auto bounds = static_cast<uint32_t>(family.bounds.size());
  if (family.type == MetricType::kHistogram) return bounds + 2;
  if (family.type == MetricType::kSummary) return bounds + 2;
  return 1;
}

// Counts are whole: sums of them lose nothing.
uint32_t LowCount(const FamilyRecord& family) {
  bool counts = family.type == MetricType::kHistogram && family.merge_mode == MergeMode::kSum;
  return counts ? 1 : ValueCount(family);
}

std::vector<Label> Kept(const std::vector<LabelRef>& labels) {
  std::vector<Label> kept;
  kept.reserve(labels.size());
  for (const LabelRef& label : labels) {
    kept.push_back({std::string(label.name), label.kind, std::string(label.text)});
  }
  return kept;
}

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

// Segment and place in it, so that any process lists a group's series in the same order.
uint64_t Rank(size_t segment, size_t place) { return uint64_t{segment} << 32 | place; }

}  // namespace

bool Merge::PlanHolds(std::span<const MergeInput> inputs) const {
  if (inputs.size() != plan_.size()) return false;
  for (size_t i = 0; i < inputs.size(); i++) {
    const SegmentReader& reader = *inputs[i].reader;
    const SegmentPlan& plan = plan_[i];
    if (std::memcmp(plan.id.data(), reader.header().segment_id, plan.id.size()) != 0 ||
        plan.epoch != reader.epoch() || plan.live != inputs[i].live || plan.instance != inputs[i].instance ||
        plan.families != reader.families().size() || plan.members != reader.members().size() ||
        plan.scopes != reader.scopes().size()) {
      return false;
    }
  }
  return true;
}

void Merge::MakePlan(std::span<const MergeInput> inputs) {
  plan_.clear();
  families_.clear();
  series_.clear();
  identities_.clear();
  texts_.clear();
  texts_are_ascii_ = true;
  conflicts_ = 0;
  for (const MergeInput& input : inputs) {
    const SegmentReader& reader = *input.reader;
    SegmentPlan plan{{},
                     reader.epoch(),
                     input.live,
                     reader.families().size(),
                     reader.members().size(),
                     reader.scopes().size(),
                     0,
                     input.instance,
                     std::vector<FamilyPlan>(reader.families().size())};
    std::memcpy(plan.id.data(), reader.header().segment_id, plan.id.size());
    plan_.push_back(std::move(plan));
  }
  PlanFamilies(inputs);
}

void Merge::PlanFamilies(std::span<const MergeInput> inputs) {
  std::map<std::string_view, std::vector<Candidate>> by_name;
  for (size_t i = 0; i < inputs.size(); i++) {
    const SegmentReader& reader = *inputs[i].reader;
    std::map<uint32_t, int32_t> scopes;  // id -> newest record of it
    for (size_t s = 0; s < reader.scopes().size(); s++)
      scopes[reader.scopes()[s].id] = static_cast<int32_t>(s);
    std::map<uint32_t, uint32_t> families;
    for (size_t f = 0; f < reader.families().size(); f++) {
      if (reader.families()[f].live) families[reader.families()[f].record.id] = static_cast<uint32_t>(f);
    }
    // A family that is in several scopes of the view counts once, where it comes first.
    std::map<uint32_t, Candidate> chosen;
    for (size_t m = 0; m < reader.members().size(); m++) {
      const ReadMember& member = reader.members()[m];
      auto scope = scopes.find(member.record.scope);
      auto family = families.find(member.record.family);
      if (!member.live || scope == scopes.end() || family == families.end()) continue;
      const std::string& name = reader.scopes()[static_cast<size_t>(scope->second)].name;
      auto asked = std::find(view_.scopes.begin(), view_.scopes.end(), name);
      if (asked == view_.scopes.end()) continue;
      Candidate candidate{i, family->second, scope->second, static_cast<size_t>(asked - view_.scopes.begin()),
                          Rank(i, m)};
      auto [known, added] = chosen.try_emplace(family->second, candidate);
      if (!added && Before(candidate, known->second)) known->second = candidate;
    }
    for (const auto& [family, candidate] : chosen) {
      by_name[reader.families()[family].record.name].push_back(candidate);
    }
  }
  auto record_of = [&](const Candidate& c) -> const FamilyRecord& {
    return inputs[c.segment].reader->families()[c.family].record;
  };
  std::vector<std::tuple<size_t, uint64_t, std::vector<Candidate>*>> order;
  for (auto& [name, candidates] : by_name) {
    const Candidate& first = *std::min_element(candidates.begin(), candidates.end(), Before);
    order.emplace_back(first.scope_place, first.rank, &candidates);
  }
  std::sort(order.begin(), order.end());
  for (auto& [scope_place, rank, candidates] : order) {
    // The newest definition of a live owner: after a deploy what is running now decides.
    const Candidate* chosen = &candidates->back();
    for (const Candidate& c : *candidates) {
      if (inputs[c.segment].live) chosen = &c;
    }
    MergedFamily merged;
    merged.definition = record_of(*chosen);
    merged.value_count = ValueCount(merged.definition);
    merged.low_count = LowCount(merged.definition);
    auto index = static_cast<int32_t>(families_.size());
    for (const Candidate& c : *candidates) {
      // What the dead have left was kept as their mode wanted it.
      bool as_kept =
          !inputs[c.segment].reader->is_archive() || merged.definition.merge_mode == record_of(c).merge_mode;
      if (as_kept && Compatible(merged.definition, record_of(c))) {
        plan_[c.segment].by_family[c.family] = {index, c.scope, {}};
      } else {
        conflicts_++;
      }
    }
    families_.push_back(std::move(merged));
  }
}

void Merge::PlanNewSeries(std::span<const MergeInput> inputs) {
  for (size_t i = 0; i < inputs.size(); i++) {
    const std::vector<ReadSeries>& sources = inputs[i].reader->series();
    SegmentPlan& plan = plan_[i];
    for (; plan.series < sources.size(); plan.series++) {
      const ReadSeries& source = sources[plan.series];
      FamilyPlan& family = plan.by_family[source.family];
      if (family.merged < 0) continue;
      uint32_t series = SeriesOf(inputs[i], family, source, Rank(i, plan.series));
      // Of a new series the value has no place yet.
      uint64_t value = series_[series].value;
      family.contributions.push_back({value, series, source.cell, static_cast<uint32_t>(plan.series)});
    }
  }
}

uint32_t Merge::SeriesOf(const MergeInput& input, const FamilyPlan& plan, const ReadSeries& source,
                         uint64_t rank) {
  MergedFamily& family = families_[static_cast<size_t>(plan.merged)];
  // The label names are those of the segment that has the series: another owner may list them otherwise.
  const FamilyRecord& own_definition = input.reader->families()[source.family].record;
  own_.clear();
  defaults_.clear();
  for (const SeriesLabel& label : source.record.labels) {
    own_.push_back({own_definition.label_names[label.name], label.kind, label.text});
  }
  bool apart = IsPerOwner(family.definition.merge_mode);
  // In the archive each owner's series has its label already.
  if (apart ? !input.reader->is_archive() : view_.per_owner) SetInstance(own_, input.instance);
  if (view_.default_labels) {
    for (const Label& label : input.reader->scopes()[static_cast<size_t>(plan.scope)].default_labels) {
      defaults_.push_back({label.name, label.kind, label.text});
    }
  }
  auto [found, added] =
      family.by_labels.try_emplace(LabelKey(own_, defaults_), static_cast<uint32_t>(series_.size()));
  // The oldest owner decides where a series stands and how its labels are written.
  if (!added && rank >= identities_[found->second].rank) return found->second;
  if (added) {
    if (!family.series.empty() && rank < identities_[family.series.back()].rank) family.unsorted = true;
    family.series.push_back(found->second);
    series_.emplace_back();
    identities_.emplace_back();
  } else {
    family.unsorted = true;
  }
  MergedSeries& series = series_[found->second];
  MergedIdentity& identity = identities_[found->second];
  identity = {rank, Kept(own_), Kept(defaults_)};
  series.text = texts_.size();
  AppendText(identity, family.definition.type, texts_);
  series.text_length = static_cast<uint32_t>(texts_.size() - series.text);
  texts_are_ascii_ &= IsAscii(text(series));
  return found->second;
}

void Merge::SortNewSeries() {
  uint64_t values = 0;
  uint32_t sketches = 0;
  for (MergedFamily& family : families_) {
    if (family.unsorted) {
      std::sort(family.series.begin(), family.series.end(),
                [&](uint32_t a, uint32_t b) { return identities_[a].rank < identities_[b].rank; });
      family.unsorted = false;
    }
    bool summary = family.definition.type == MetricType::kSummary;
    for (uint32_t index : family.series) {
      MergedSeries& series = series_[index];
      series.value = values;
      series.sketch = sketches;
      values += family.value_count + family.low_count;
      if (summary) sketches++;
    }
  }
  for (SegmentPlan& plan : plan_) {
    for (FamilyPlan& family : plan.by_family) {
      for (Contribution& from : family.contributions) from.value = series_[from.series].value;
    }
  }
  values_.resize(values);
  sketches_.resize(sketches);
  texts_.append(kTextPadding, '\0');
}

}  // namespace prom
