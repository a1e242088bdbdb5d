// The metrics of the group itself: the families prom_client_mmap_*.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_buffer.h"
#include "files/skip_reason.h"

namespace prom {

// kTrouble: only metrics of trouble, and only when there is some; otherwise an exposition is prom-client's to the byte.
enum class SelfMetricsShown { kNone, kTrouble, kAll };

// The observations of a scrape. Counts are since the session began.
struct GroupStats {
  SelfMetricsShown shown = SelfMetricsShown::kTrouble;
  uint64_t live = 0;
  uint64_t dead = 0;  // and not compacted yet
  uint64_t compacted = 0;
  uint64_t late = 0;  // owners that had not collected by the deadline
  uint64_t collect_failures = 0;
  uint64_t compaction_failures = 0;
  uint64_t dropped_series = 0;
  uint64_t dropped_updates = 0;
  uint64_t conflicts = 0;  // families that were left out
  uint64_t bytes = 0;      // of the files that were read
  std::map<SkipReason, uint32_t> skipped;
  std::vector<std::pair<std::string_view, double>> phases;  // in seconds, without rendering
  uint64_t render_from_ns = 0;
};

// Appends the HELP and TYPE lines of a family, without a line feed at the end.
void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type);

// Appends the families that `stats.shown` chooses, each after a call of `separate`.
void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out);

}  // namespace prom
