// The text formats, byte for byte as prom-client writes them: 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0.
#pragma once

#include <optional>
#include <string>

#include "group_stats.h"
#include "merge.h"
#include "text_buffer.h"

namespace prom {

enum class TextFormat { kPrometheus, kOpenMetrics };

// Appends the whole exposition, or only the family called `name` and then without the final line feed; nothing when
// there is no such family. `stats` adds the self-metrics.
void RenderText(const Merge& merge, TextFormat format, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out);

// The HELP and TYPE lines of a family, without a line feed at the end.
void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type);

}  // namespace prom
