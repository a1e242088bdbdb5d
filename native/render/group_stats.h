// The observations of a scrape about the group itself.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "files/skip_reason.h"

namespace prom {

// kTrouble: only metrics of trouble, and only when there is some; otherwise an exposition is prom-client's to the byte.
enum class SelfMetricsShown { kNone, kTrouble, kAll };

struct GroupStats {
  SelfMetricsShown shown = SelfMetricsShown::kTrouble;
  uint32_t live = 0;
  uint32_t dead = 0;              // and not compacted yet
  uint64_t compacted = 0;         // since the session began
  uint32_t late = 0;              // owners that had not collected by the deadline
  uint64_t collect_failures = 0;  // since the session began, as the next three
  uint64_t compaction_failures = 0;
  uint64_t dropped_series = 0;
  uint64_t dropped_updates = 0;
  uint32_t conflicts = 0;  // families that were left out
  uint64_t bytes = 0;      // of the files that were read
  std::map<SkipReason, uint32_t> skipped;
  std::vector<std::pair<std::string_view, double>> phases;  // in seconds; without rendering
  uint64_t render_from_ns = 0;
};

}  // namespace prom
