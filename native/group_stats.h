// What a scrape noticed about the group itself.
#pragma once

#include <cstdint>
#include <map>

#include "segment_reader.h"

namespace prom {

struct GroupStats {
  uint32_t live = 0;
  uint32_t dead = 0;
  std::map<SkipReason, uint32_t> skipped;
};

}  // namespace prom
