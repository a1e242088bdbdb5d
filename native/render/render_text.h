// The text formats, byte for byte as prom-client writes them: 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0.
#pragma once

#include <optional>
#include <string>

#include "base/text_buffer.h"
#include "merge/merge.h"
#include "render/group_stats.h"

namespace prom {

enum class TextFormat { kPrometheus, kOpenMetrics };

// Appends the whole exposition with the self-metrics of `stats`, or only the family called `name`, without the final line
// feed; nothing when there is no such family.
void RenderText(const Merge& merge, TextFormat format, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out);

}  // namespace prom
