// Expositions of merged families: the text formats, byte for byte as prom-client writes them - 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0 -, and JSON for JavaScript.
#pragma once

#include <optional>
#include <string>

#include "base/text_buffer.h"
#include "merge/merge.h"
#include "render/self_metrics.h"

namespace prom {

// Appends the whole exposition with the self-metrics of `stats`, unless it is null. With `name` it appends only that family,
// without the final line feed, and nothing when there is no such family.
void RenderText(const Merge& merge, bool open_metrics, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out);

// Appends JSON in which a label is [name, kind, text], and a number that JSON cannot express is a string:
//
//   [{"name","help","type","mode","bounds":[..],"series":[{"labels":[..],"defaults":[..],"values":[..],
//     "exemplars"?:[{"bucket","value","time","labels":[..]}]}]}]
void RenderJson(const Merge& merge, const std::optional<std::string>& name, TextBuffer& out);

}  // namespace prom
