// What a scrape noticed about the group itself.
#pragma once

#include <cstdint>
#include <map>

#include "segment_reader.h"

namespace prom {

struct GroupStats {
  uint32_t live = 0;
  uint32_t dead = 0;              // that are not folded yet
  uint64_t folded = 0;            // since the group began
  uint32_t late = 0;              // owners that had not collected by the deadline
  uint64_t collect_failures = 0;  // since the group began, as the next three
  uint64_t fold_failures = 0;
  uint64_t dropped_series = 0;
  uint64_t dropped_updates = 0;
  std::map<SkipReason, uint32_t> skipped;
};

}  // namespace prom
