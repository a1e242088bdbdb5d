// The archive in the directory of a group: read whole, checked by its checksum, and kept until another one takes its name.
#pragma once

#include <cstring>
#include <set>

#include "files/owner.h"
#include "format/record.h"
#include "read/segment_reader.h"

namespace prom {

inline SegmentId IdOf(const uint8_t (&bytes)[sizeof(SegmentId)]) {
  SegmentId id;
  std::memcpy(id.data(), bytes, id.size());
  return id;
}

// Whether an owner, or the compactor of an archive, ran since the last boot.
inline bool IsOfThisBoot(const layout::Header& header, const OwnerIdentity& self) {
  return std::memcmp(header.boot_id, self.boot_id, sizeof self.boot_id) == 0;
}

class ArchiveFile {
 public:
  // Reads the archive unless it is the one that was read before. That one stays valid after a failure. It is no failure
  // when there is no archive.
  SkipReason Update(int directory);

  // Whether the name still means the archive that Update() read. Only then do segments that were read in between belong to it.
  bool IsCurrent(int directory) const;

  bool present() const { return present_; }
  uint64_t bytes() const { return bytes_; }
  const SegmentReader& reader() const { return reader_; }
  bool HasCompacted(const SegmentId& id) const { return compacted_.contains(id); }
  const std::set<SegmentId>& compacted() const { return compacted_; }

 private:
  // All zeros: there is no archive.
  struct Version {
    SegmentId id{};
    uint64_t generation = 0;
    bool operator==(const Version&) const = default;
  };
  static Version VersionOf(const layout::Header& header) {
    return {IdOf(header.segment_id), header.archive_generation};
  }

  bool present_ = false;
  uint64_t bytes_ = 0;
  Version tried_;  // by the last Update()
  Version version_;
  SegmentReader reader_;
  std::set<SegmentId> compacted_;
};

}  // namespace prom
