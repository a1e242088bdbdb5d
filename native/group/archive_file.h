// The archive in the directory of a group: read whole, checked by its checksum, and kept until another one takes its name.
#pragma once

#include <set>
#include <utility>

#include "format/record.h"
#include "read/segment_reader.h"

namespace prom {

class ArchiveFile {
 public:
  // Reads the archive unless it is the one that was read before. That one stays valid after a failure. It is no failure
  // when there is no archive.
  SkipReason Update(int directory);

  // Whether the name still means the archive that Update() read. Only then do segments that were read in between belong to it.
  bool IsCurrent(int directory) const;

  bool present() const { return reader_.usable(); }
  uint64_t bytes() const { return bytes_; }
  const SegmentReader& reader() const { return reader_; }
  bool HasCompacted(const SegmentId& id) const { return compacted_.contains(id); }

 private:
  // Id and generation.
  using Version = std::pair<SegmentId, uint64_t>;
  static Version VersionOf(const layout::Header& header) {
    return {header.segment_id, header.archive_generation};
  }

  Version tried_;  // by the last Update(); zeros when there was no archive
  SegmentReader reader_;
  uint64_t bytes_ = 0;
  std::set<SegmentId> compacted_;
};

}  // namespace prom
