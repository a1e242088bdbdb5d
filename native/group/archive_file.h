// The archive as it is in a group's directory: read whole, checked by its checksum, and kept until another takes its name.
#pragma once

#include <set>
#include <string>

#include "base/byte_source.h"
#include "format/record.h"
#include "read/segment_reader.h"

namespace prom {

class ArchiveFile {
 public:
  // Reads the archive if there is another than last time. What was read before stays valid after a failure. A missing
  // archive is none, which is no failure.
  SkipReason Update(int directory);

  // Whether the name still means what Update() read: only then does all that was read in between belong together with it.
  bool IsCurrent(int directory) const;

  bool present() const { return present_; }
  uint64_t bytes() const { return bytes_; }
  const SegmentReader& reader() const { return reader_; }
  bool HasFolded(const uint8_t (&id)[16]) const;
  const std::set<SegmentId>& folded() const { return folded_; }

 private:
  // Which archive it is: its id and generation; none when there is none.
  struct Version {
    SegmentId id{};
    uint64_t generation = 0;
    bool operator==(const Version&) const = default;
  };

  static Version VersionOf(const layout::Header& header);

  bool present_ = false;
  uint64_t bytes_ = 0;
  Version tried_;  // by the last Update()
  Version version_;
  SegmentReader reader_;
  std::set<SegmentId> folded_;
};

}  // namespace prom
