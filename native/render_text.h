// Text format 0.0.4 (https://prometheus.io/docs/instrumenting/exposition_formats/), byte for byte as prom-client writes it.
#pragma once

#include <optional>
#include <string>

#include "group_stats.h"
#include "merge.h"
#include "text_buffer.h"

namespace prom {

// Appends the whole exposition, or only the family called `name` and then without the final line feed; nothing when
// there is no such family. `stats` adds the self-metrics.
void RenderText(const Merge& merge, const std::optional<std::string>& name, const GroupStats* stats,
                TextBuffer& out);

}  // namespace prom
