// The archive in the directory of a group, for its readers.
#pragma once

#include <cstdint>
#include <set>
#include <tuple>

#include "files/directory.h"
#include "format/layout.h"
#include "format/record.h"
#include "read/segment_reader.h"

namespace prom {

// It is read whole, checked by its checksum, and kept until another one takes its name.
class ArchiveFile {
 public:
  // Reads the archive unless it is the one that was read before. That one stays valid after a failure. It is no failure
  // when there is no archive. Another name is that of an archive which is not visible yet.
  SkipReason Update(int directory, const char* name = kArchiveName);

  // Whether the name still means the archive that Update() read. Only then do segments that were read in between belong to it.
  bool IsCurrent(int directory) const;

  bool present() const { return reader_.usable(); }
  uint64_t bytes() const { return bytes_; }
  const SegmentReader& reader() const { return reader_; }
  // Whether the counts of the segment are in the archive: by its own id, or by that of the first file whose counts it has.
  bool HasCompacted(const layout::Header& header) const {
    return compacted_.contains(header.segment_id) || compacted_.contains(OriginOf(header));
  }

 private:
  // Id, generation and checksum: after an earlier archive was put back, two archives have one generation.
  using Version = std::tuple<SegmentId, uint64_t, uint32_t>;
  static Version VersionOf(const layout::Header& header) {
    return {header.segment_id, header.archive_generation, header.archive_crc};
  }

  Version tried_;  // by the last Update(); zeros when there was no archive
  SegmentReader reader_;
  uint64_t bytes_ = 0;
  std::set<SegmentId> compacted_;
};

}  // namespace prom
