#include "merge/merge.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/text_buffer.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// A family of one input that belongs to the view.
struct Candidate {
  size_t input;
  uint32_t family;
  uint32_t scope;
  // Its position in the exposition: that of its scope in the view, the input, that of its membership there.
  std::tuple<size_t, size_t, size_t> position;
};

// Bounds may be no numbers, which are not equal to themselves.
bool SameBounds(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(a, b,
                            [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

// Two definitions of one name can be merged when their cells mean the same.
bool Compatible(const FamilyRecord& a, const FamilyRecord& b) {
  if (a.type != b.type || a.CellCount() != b.CellCount()) return false;
  if (a.type == MetricType::kHistogram) return SameBounds(a.bounds, b.bounds);
  if (a.type == MetricType::kSummary) return a.slot_ms == b.slot_ms;
  return true;
}

// The names of the scopes of the view. Chosen ones come in the order of the oldest segment that marks them.
std::vector<std::string> ScopesOf(const View& view, std::span<const MergeInput> inputs) {
  if (view.chosen == Chosen::kNone) return view.scopes;
  std::vector<std::string> chosen;
  for (const MergeInput& input : inputs) {
    for (uint32_t i = 0; i < input.reader->scopes().size(); i++) {
      const ScopeRecord& scope = input.reader->scopes()[i];
      bool marked =
          (view.chosen == Chosen::kAll || (scope.flags & static_cast<uint32_t>(view.chosen)) != 0) &&
          input.reader->IsCurrentScope(i);
      if (marked && std::find(chosen.begin(), chosen.end(), scope.name) == chosen.end())
        chosen.push_back(scope.name);
    }
  }
  return chosen.empty() ? std::vector<std::string>{""} : chosen;
}

// The families of an input that are in one of the scopes. One that is in several of them counts once, where it comes first.
std::map<uint32_t, Candidate> CandidatesOf(const std::vector<std::string>& scopes,
                                           const SegmentReader& reader, size_t input) {
  std::map<uint32_t, Candidate> candidates;
  for (const Membership& member : reader.Memberships()) {
    auto scope = std::find(scopes.begin(), scopes.end(), reader.scopes()[member.scope].name);
    if (scope == scopes.end()) continue;
    auto scope_position = static_cast<size_t>(scope - scopes.begin());
    Candidate candidate{input, member.family, member.scope, {scope_position, input, member.member}};
    auto [known, added] = candidates.try_emplace(member.family, candidate);
    if (!added && candidate.position < known->second.position) known->second = candidate;
  }
  return candidates;
}

// Adds the families of the view to an empty plan, in the order of the exposition, and says in `segments` which family of each
// input goes into which of them. Of several definitions of a name that cannot be merged the newest one of a live owner
// counts. Returns how many families were left out.
uint32_t PlanFamilies(const View& view, std::span<const MergeInput> inputs, MergePlan& plan,
                      std::span<SegmentPlan> segments) {
  std::map<std::string_view, std::vector<Candidate>> by_name;
  auto definition_of = [&](const Candidate& candidate) -> const FamilyRecord& {
    return inputs[candidate.input].reader->families()[candidate.family].record;
  };
  std::vector<std::string> scopes = ScopesOf(view, inputs);
  for (size_t i = 0; i < inputs.size(); i++) {
    for (const auto& [family, candidate] : CandidatesOf(scopes, *inputs[i].reader, i)) {
      by_name[definition_of(candidate).name].push_back(candidate);
    }
  }
  std::map<std::tuple<size_t, size_t, size_t>, std::vector<Candidate>*> groups;
  for (auto& [name, candidates] : by_name) {
    auto first =
        std::min_element(candidates.begin(), candidates.end(),
                         [](const Candidate& a, const Candidate& b) { return a.position < b.position; });
    groups[first->position] = &candidates;
  }
  uint32_t conflicts = 0;
  for (const auto& [position, candidates] : groups) {
    const Candidate* chosen = &candidates->back();
    for (const Candidate& candidate : *candidates) {
      if (inputs[candidate.input].live) chosen = &candidate;
    }
    const FamilyRecord& definition = definition_of(*chosen);
    int32_t family = plan.AddFamily(definition);
    for (const Candidate& candidate : *candidates) {
      const FamilyRecord& own = definition_of(candidate);
      // The archive has merged a family by its own mode already.
      bool same_mode =
          !inputs[candidate.input].reader->is_archive() || own.merge_mode == definition.merge_mode;
      if (same_mode && Compatible(definition, own)) {
        segments[candidate.input].by_family[candidate.family] = {family, candidate.scope, {}};
      } else {
        conflicts++;
      }
    }
  }
  return conflicts;
}

uint64_t NextVersion() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

bool IsRaw(const std::vector<Label>& labels) {
  return std::any_of(labels.begin(), labels.end(),
                     [](const Label& label) { return label.kind == layout::LabelKind::kOther; });
}

}  // namespace

// prom-client prints a histogram's default labels before its own, other types' after.
bool AppendText(const MergedIdentity& series, MetricType type, std::string& out, Escaping escaping) {
  std::string text;
  bool defaults_first = type == MetricType::kHistogram;
  bool has_others = defaults_first && AppendLabels(text, series.defaults, series.labels, escaping);
  has_others |= AppendLabels(text, series.labels, {}, escaping);
  if (!defaults_first) has_others |= AppendLabels(text, series.defaults, series.labels, escaping);
  if (!text.empty()) out.append(1, '{').append(text).append(1, '}');
  out.append(1, ' ');
  return has_others;
}

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
  if (plan_.Place(segments_)) {
    MakeTexts();
    version_ = NextVersion();
  }

  accumulator_.Clear();
  for (size_t i = 0; i < inputs.size(); i++) accumulator_.Add(plan_, inputs[i], segments_[i], now_ms);
  accumulator_.Finish(plan_);
}

void Merge::MakePlan(std::span<const MergeInput> inputs) {
  plan_ = MergePlan({view_.default_labels, view_.per_owner});
  version_ = NextVersion();
  segments_.clear();
  for (const MergeInput& input : inputs) {
    segments_.push_back({0, std::vector<FamilyPlan>(input.reader->families().size())});
  }
  conflicts_ = PlanFamilies(view_, inputs, plan_, segments_);
  texts_.clear();
  texts_are_ascii_ = true;
  texts_are_raw_ = false;
  texts_are_escaped_ = false;
  encoded_labels_.Clear();
}

void Merge::MakeTexts() {
  for (const MergedFamily& family : plan_.families()) {
    for (uint32_t index : family.series) {
      MergedSeries& series = plan_.series()[index];
      if (series.text_length > 0) continue;
      series.text = texts_.size();
      texts_are_escaped_ |= AppendText(plan_.identity(index), family.definition.type, texts_);
      series.text_length = static_cast<uint32_t>(texts_.size() - series.text);
      texts_are_ascii_ &= IsAscii(text(series));
      const MergedIdentity& identity = plan_.identity(index);
      texts_are_raw_ |= IsRaw(identity.labels) || IsRaw(identity.defaults);
    }
  }
  texts_.append(kTextPadding, '\0');
}

std::vector<const MergedFamily*> Merge::ShownFamilies(const FamilyNames& names) const {
  std::vector<const MergedFamily*> shown;
  for (const MergedFamily& family : plan_.families()) {
    // The mode `omit` hides a family as soon as one of its series has several owners.
    bool omitted = family.definition.merge_mode == MergeMode::kOmit &&
                   std::any_of(family.series.begin(), family.series.end(),
                               [&](uint32_t index) { return accumulator_.contributors(index) > 1; });
    if (!omitted && HasName(names, family.definition.name)) shown.push_back(&family);
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
