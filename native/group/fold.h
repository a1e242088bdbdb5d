// The fold: dead segments move into the archive, each exactly once.
//
//   lockGroup        one folder at a time; it is the flock of the file `lock`, so that it ends with its holder
//   readArchive      what is folded already, and the ids of those segments
//   list             a segment whose id is in the archive is a leftover
//   lockSegment      the lock that its owner held for life
//   checkEvidence    and the owner is gone: a free lock alone proves nothing (owner.h)
//   checkName        and the name still means this file: its owner may have moved to another
//   readSegment
//   writeTemporary   a new archive: the old one, the segments, their ids
//   renameArchive    the commit: before it nothing has happened, after it everything
//   unlinkSegments   those that were folded, and leftovers
//
// A crash before the commit leaves a temporary file, a crash after it leftovers, which readers pass over; the next fold
// removes both. test/model checks these steps, and what goes wrong without each.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "files/owner.h"
#include "group/archive.h"

namespace prom {

struct FoldReport {
  bool busy = false;                 // somebody else folds
  uint32_t folded = 0;               // segments
  uint32_t removed = 0;              // files
  std::optional<SystemError> error;  // why no archive could be written; nothing is lost then
};

struct FoldTask {
  ArchiveLimits limits;
  double now_ms = 0;  // wall clock, for the age windows of summaries
  // How long to wait for another folder to end; 0 leaves the work to it.
  double wait_ms = 0;
  // Series that are to go from the archive, and from what is folded.
  const SeriesFilter* removal = nullptr;
};

// Folds all dead segments of the directory, in steps of a bounded number of open files.
FoldReport FoldDead(const std::string& directory, const OwnerIdentity& self, const FoldTask& task);

}  // namespace prom
