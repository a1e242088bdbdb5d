// The files of a group as they were read last. The contents of each are kept, so that the next scrape reads only new
// records and the cells.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "files/owner.h"
#include "group/archive_file.h"
#include "merge/merge_plan.h"
#include "read/segment_reader.h"
#include "render/render.h"

namespace prom {

class GroupFiles {
 public:
  explicit GroupFiles(const OwnerIdentity& self) : self_(self) {}

  // Reads the archive and all segments of a directory. Files that cannot be read are counted in `stats`. Fails where that
  // would leave out sound numbers: this process has no descriptor or memory left, or the archive was replaced each time that
  // it was read.
  std::optional<SystemError> ReadDirectory(const std::string& path, GroupStats& stats);

  // Whether the last ReadDirectory() has read the file of this name.
  bool HasRead(const std::string& name) const;
  // Whether it has read the file of a living owner that has another name.
  bool HasLiveOwner(const std::string& but) const;
  // For a file that it has not read: forgets its last numbers, because the memory of its writer is read instead.
  void Forget(const std::string& name) { segments_.erase(name); }
  // errno if the last ReadDirectory() found the directory or the file of this name, but could not open it; else 0.
  int ErrorOf(const std::string& name) const;

  // Whether a segment of a dead owner is not in the archive, other than those of these origins.
  bool HasDead(const std::set<SegmentId>& except) const;

  // Reads segments in the memory of this process, and forgets those that are not there any more.
  void ReadPrivate(const std::vector<std::shared_ptr<const ByteSource>>& segments);

  // Appends the archive and the segments; with `process` only its segments. Valid until the next Read.
  void AddInputs(const std::optional<ProcessIdentity>& process, std::vector<MergeInput>& inputs,
                 GroupStats& stats) const;

 private:
  struct Segment {
    SegmentReader reader;
    bool live = true;
    bool locked = true;
    bool named = true;
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
  int directory_error_ = 0;
};

// The files of one origin are a segment, earlier files of it, and copies. The first one counts: the one with the lock, for a copy's
// lock has no holder, but for a moment another program; then the one that has the name of its owner, then the one with the latest
// heartbeat. The age does not matter: the header of a copy may be damaged.
using CopyRank = std::tuple<SegmentId, bool, bool, uint64_t, SegmentId>;

CopyRank RankOf(const layout::Header& header, bool locked, bool named);
bool IsNamedAfterOwner(std::string_view name, const layout::Header& header);

// The inputs of all directories of a group: the oldest first, each once, with the names of their owners.
void ArrangeInputs(std::vector<MergeInput>& inputs, GroupStats& stats);

}  // namespace prom
