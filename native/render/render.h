// Expositions of merged families: the text formats, byte for byte as prom-client writes them - 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0 -, and JSON for JavaScript.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text_buffer.h"
#include "files/directory.h"
#include "merge/merge.h"

namespace prom {

// kTrouble: only metrics of trouble, and only when there is some; otherwise an exposition is prom-client's to the byte.
enum class SelfMetricsShown { kNone, kTrouble, kAll };

// The observations of a scrape. Counts are since the session began.
struct GroupStats {
  SelfMetricsShown shown = SelfMetricsShown::kTrouble;
  uint64_t live = 0;
  uint64_t dead = 0;  // and not compacted yet
  uint64_t compacted = 0;
  uint64_t without_room = 0;  // living owners of which some series count in their process only
  uint64_t late = 0;          // owners that had not collected by the deadline
  uint64_t collect_failures = 0;
  uint64_t compaction_failures = 0;
  uint64_t dropped_series = 0;
  uint64_t dropped_updates = 0;
  uint64_t conflicts = 0;  // families that were left out
  uint64_t skipped_records = 0;
  uint64_t bytes = 0;  // of the files that were read
  std::map<SkipReason, uint32_t> skipped;
  std::vector<std::pair<std::string_view, double>> phases;  // in seconds, without rendering
  uint64_t render_from_ns = 0;
};

// Appends the HELP and TYPE lines of a family, without a line feed at the end.
void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type);

// Appends the families that `stats.shown` chooses, each after a call of `separate`.
void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out);

// Appends the whole exposition with the self-metrics of `stats`, unless it is null. With `name` it appends only that family,
// without the final line feed, and nothing when there is no such family.
void RenderText(const Merge& merge, bool open_metrics, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out);

// Appends JSON in lines, so that a reader can stop after any of them: one for each family, and one for each of its series after it.
// A label is [name, kind, text], and a number that JSON cannot express is a string. Each line ends with a comma and a line feed.
//
//   {"name","help","type","mode","bounds":[..]},
//   {"labels":[..],"defaults":[..],"values":[..],"exemplars"?:[{"bucket","value","time","labels":[..]}]},
void RenderJson(const Merge& merge, const std::optional<std::string>& name, TextBuffer& out);

}  // namespace prom
