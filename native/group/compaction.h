// Compaction: dead segments move into the archive, each exactly once.
//
//   lockGroup        one compactor at a time; the lock is the flock of the file `lock`, which ends with its holder
//   readArchive      with the ids of the segments that it holds
//   list             a segment whose id is in the archive is a leftover
//   lockSegment      the lock that its owner held for life
//   checkEvidence    the owner has exited: a free lock alone proves nothing (owner.h)
//   checkName        the name still means this file: its owner may have rewritten the segment
//   readSegment      one at a time: the memory of a compaction is that of the archive and of one segment
//   writeTemporary   a new archive: the old one, the segments, their ids; a reader has read it before it is renamed
//   renameArchive    the commit: before it nothing has happened, after it everything
//   unlinkSegments   the compacted ones, and leftovers
//
// A crash before the commit leaves a temporary file. A crash after it leaves leftovers, which readers skip. The next
// compaction removes both. test/model checks these steps, and the errors that follow when one is missing.
#pragma once

#include <set>
#include <string>

#include "base/result.h"
#include "files/owner.h"
#include "group/archive.h"

namespace prom {

struct CompactionTask {
  ArchiveLimits limits;
  double now_ms = 0;  // wall clock, for the age windows of summaries
  // How long to wait for another compactor to finish; 0 leaves the work to it.
  double wait_ms = 0;
  // Series to remove from the archive and from the segments that join it.
  const SeriesFilter* removal = nullptr;
  // Leaves the segments of threads that have ended alone while their process lives: a view of the process shows them.
  bool keep_threads = false;
  // The origins of segments with which the archive would exceed its limit. These files stay, and scrapes count them as segments of
  // dead owners. A compaction does not try segments again that are listed here.
  std::set<SegmentId>* too_large = nullptr;
};

// Compacts all dead segments of the directory, in steps of a bounded number of open files. Returns how many: 0 also when another
// compactor is at work. Fails when an archive cannot be written, and with EFBIG after a compaction that has found a segment too
// large; nothing is lost then.
Result<uint32_t> CompactDead(const std::string& directory, const OwnerIdentity& self,
                             const CompactionTask& task);

}  // namespace prom
