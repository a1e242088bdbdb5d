// A view chooses the families that one exposition shows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "files/owner.h"
#include "merge/merge_plan.h"

namespace prom {

// Whether a view shows the scopes that owners have chosen for clusterMetrics() or workerMetrics().
enum class Chosen : uint32_t {
  kNone = 0,
  kCluster = layout::kChosenForCluster,
  kWorker = layout::kChosenForWorker,
};

struct View {
  std::vector<std::string> scopes;
  bool default_labels = true;
  bool per_owner = false;  // each owner's series apart, with the label `pid`
  // In place of `scopes` the ones that any segment marks as chosen, or the global scope where there are none.
  Chosen chosen = Chosen::kNone;
  std::optional<ProcessIdentity> process{};  // only the owners of this process, alive and dead

  bool operator==(const View&) const = default;
};

// Adds the families of the view to an empty plan, in the order of the exposition, and says in `segments` which family of each
// input goes into which of them. Of several definitions of a name that cannot be merged the newest one of a live owner
// counts. Returns how many families were left out.
uint32_t PlanFamilies(const View& view, std::span<const MergeInput> inputs, MergePlan& plan,
                      std::span<SegmentPlan> segments);

}  // namespace prom
