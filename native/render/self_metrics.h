// The metrics of the group itself: the families prom_client_mmap_*.
#pragma once

#include <functional>

#include "base/text_buffer.h"
#include "render/group_stats.h"

namespace prom {

// Appends the families that `stats.shown` chooses, each after a call of `separate`.
void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out);

}  // namespace prom
