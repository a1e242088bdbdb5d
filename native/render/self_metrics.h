// What an exposition tells of the group itself: the families prom_client_mmap_*.
#pragma once

#include <functional>

#include "base/text_buffer.h"
#include "render/group_stats.h"

namespace prom {

// Appends them, each family after a call of `separate`. Which there are is `stats.shown`.
void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out);

}  // namespace prom
