// The files of a group as they were read last. The contents of each are kept, so that the next scrape reads only new
// records and the cells.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "files/owner.h"
#include "group/archive_file.h"
#include "merge/merge_plan.h"
#include "read/segment_reader.h"
#include "render/self_metrics.h"

namespace prom {

class GroupFiles {
 public:
  explicit GroupFiles(const OwnerIdentity& self) : self_(self) {}

  // Reads the archive and all segments of a directory. Files that cannot be read are counted in `stats`. Fails where that
  // would leave out sound numbers: this process has no descriptor or memory left, or the archive was replaced each time that
  // it was read.
  std::optional<SystemError> ReadDirectory(const std::string& path, GroupStats& stats);

  // Reads segments in the memory of this process, and forgets those that are not there any more.
  void ReadPrivate(const std::vector<std::shared_ptr<const ByteSource>>& segments);

  // The archive and the segments, the oldest first and each once. Valid until the next Read.
  std::vector<MergeInput> Inputs(GroupStats& stats) const;

 private:
  struct Segment {
    SegmentReader reader;
    bool live = true;
    bool locked = true;
    bool compacted = false;  // and therefore in the archive
    uint64_t listing = 0;    // number of the listing that had it last
    uint64_t bytes = 0;
    uint64_t read_ns = 0;  // when its numbers were read last, by the clock of the boot
    SkipReason reason = SkipReason::kNone;
  };

  void ReadSegments(int directory, GroupStats& stats);
  SkipReason ReadSegment(int directory, const std::string& name);
  void ForgetVanished();
  void NoteStarvation();

  const OwnerIdentity self_;
  ArchiveFile archive_;
  std::map<std::string, Segment> segments_;  // by file name
  std::map<const ByteSource*, Segment> private_segments_;
  uint64_t listing_ = 0;
  int starved_ = 0;  // errno of a call that failed for want of descriptors or memory
};

}  // namespace prom
