#include "merge/view.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace prom {
namespace {

using layout::MetricType;

// A family of one input that belongs to the view.
struct Candidate {
  size_t input;
  uint32_t family;
  uint32_t scope;
  // Its position in the exposition: that of its scope in the view, the input, that of its membership there.
  std::tuple<size_t, size_t, size_t> position;
};

// Two definitions of one name can be merged when their cells mean the same.
bool Compatible(const FamilyRecord& a, const FamilyRecord& b) {
  if (a.type != b.type || a.CellCount() != b.CellCount()) return false;
  if (a.type == MetricType::kHistogram) return a.bounds == b.bounds;
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
          (scope.flags & static_cast<uint32_t>(view.chosen)) != 0 && input.reader->IsCurrentScope(i);
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

}  // namespace

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

}  // namespace prom
