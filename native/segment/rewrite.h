// Rewrites a segment: its live records and their cells, without the garbage, in a new file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "segment/segment_writer.h"

namespace prom {

// A live record before and after a rewrite, and its new cells if it has cells.
struct RewrittenRecord {
  uint64_t from;
  uint64_t to;
  CellRange cells;
};

struct Rewritten {
  std::unique_ptr<SegmentWriter> segment;  // not visible yet: see OwnerPresence::Replace()
  std::vector<RewrittenRecord> records;    // in the order of `from`
};

// `keeps_counts` is false when the counts are in the archive: they begin at zero then, and gauges keep their values. The
// owner must not count meanwhile. The new file is in `directory`.
Result<Rewritten> Rewrite(const SegmentWriter& from, bool keeps_counts, const std::string& directory);

}  // namespace prom
