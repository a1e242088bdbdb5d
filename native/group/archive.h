// The archive: the sums of the segments of dead owners.
//
// A compaction makes a new archive of the one before it and of dead segments, and an archive never changes. It holds the
// values that a scrape shows of a dead segment, and no others. The same merge makes both: an archive is its accumulated cells.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/result.h"
#include "files/owner.h"
#include "format/layout.h"
#include "format/record.h"
#include "group/removal.h"
#include "merge/accumulator.h"
#include "merge/merge_plan.h"
#include "read/segment_reader.h"

namespace prom {

struct ArchiveLimits {
  uint32_t series = 200'000;       // further ones are dropped, and counted
  uint32_t owner_gauges = 10'000;  // series of `all` gauges, one per owner: the oldest ones are dropped
  uint32_t compacted_ids =
      4096;  // of segments that are removed: an owner that was taken for dead finds its own
  // Of the file: what a reader accepts, less room for ids.
  uint64_t bytes = layout::kMaxSegmentBytes - 1024 * 1024;
};

class ArchiveWriter;

class Archive {
 public:
  // `now_ms` is the wall clock, by which age slots of summaries are over.
  Archive(const ArchiveLimits& limits, double now_ms)
      : limits_(limits), now_ms_(now_ms), plan_({false, false, limits.series}) {}

  // Adds the values that outlive the owner of a dead segment, or the archive before this one. The oldest one comes first. The reader may
  // go afterwards.
  void Add(const MergeInput& input);
  // Lists a segment as compacted. The newest one comes first.
  void AddCompacted(const SegmentId& id) { compacted_.push_back(id); }
  // Whether the file would be within the limit. An archive that has grown beyond it is of no use any more.
  bool Fits();
  // After the last Add().
  void Remove(const SeriesFilter& filter);

  // Writes the file, piece by piece: the numbers are never in memory twice. Returns the error, if there is one.
  std::optional<SystemError> Write(int fd, const OwnerIdentity& self);

 private:
  SegmentPlan PlanFamilies(const SegmentReader& reader);
  uint32_t ScopeOf(const ScopeRecord& scope);
  void DropOldOwnerGauges();
  void EncodeContent(ArchiveWriter& out) const;
  void EncodeSeries(const MergedFamily& family, uint32_t index, ArchiveWriter& out) const;
  static void EncodeNative(const NativeSum& native, uint64_t series_offset, ArchiveWriter& out);

  const ArchiveLimits limits_;
  const double now_ms_;
  layout::Header header_{};          // with the sums of those that were added
  std::vector<ScopeRecord> scopes_;  // by id
  std::vector<uint32_t> scope_order_;
  std::map<Bytes, uint32_t> scope_by_content_;
  std::map<Bytes, int32_t> family_by_content_;
  std::vector<MemberRecord> members_;  // a family's id is its index in the plan
  MergePlan plan_;
  Accumulator accumulator_;
  uint64_t segments_ = 0;                         // that were added
  uint64_t most_bytes_ = sizeof(layout::Header);  // the file is not longer
  std::vector<SegmentId> compacted_;
};

}  // namespace prom
