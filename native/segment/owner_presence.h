// How an owner is present in its group: the name and the lock of its segment, its heartbeat, its wake-up FIFO, the locks
// of its roles, and the counters about the owner in the header.
//
// All calls come from the owner's thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/disposal.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/owner.h"
#include "segment/segment_writer.h"

namespace prom {

class OwnerPresence {
 public:
  // Creates a segment in `directory`, which must exist, locks it, and makes it visible. `max_bytes` bounds the file. If
  // `directory` is empty the segment is memory of this process: for series that find no room in a file. Such a segment has no
  // name and no lock.
  static Result<std::unique_ptr<OwnerPresence>> Create(const std::string& directory,
                                                       const OwnerIdentity& owner, uint64_t max_bytes);
  ~OwnerPresence() { Close(); }

  const std::shared_ptr<SegmentWriter>& segment() const { return segment_; }

  // The last step of a rewrite: puts the new segment in the place of the old one, at its addresses and under its name, with its
  // counters. Scrapes may still read the old segment; its lock is held until the next heartbeat. In another directory the old
  // file stays, without records, and the wake-up FIFO must be opened again. After an error nothing has changed.
  std::optional<SystemError> Replace(std::shared_ptr<SegmentWriter> next);

  // Whether the name still means the file of the segment. True if that cannot be found out.
  bool NameIsCurrent() const;

  // For readers that cannot see the pid. Call every few seconds.
  void Heartbeat();

  // Makes the wake-up FIFO, in place of an earlier one, and opens it for reading. The caller owns the descriptor; Close()
  // removes the FIFO.
  Result<int> OpenWakeup();
  // False if the FIFO was opened and has been deleted.
  bool WakeupExists() const;
  // From here on scrapes send collect requests.
  void HasCollectors();
  // A collect begins. Returns its sequence number.
  uint64_t StartCollect();
  void FinishCollect(uint64_t sequence, uint64_t failures);

  // For the self-metrics.
  void CountDrops(uint64_t series, uint64_t updates);
  void CountCompactionFailure();
  // Whether some series of this owner found no room in the segment.
  void LacksRoom(bool lacks);

  // Whether this owner has the role that the file `role` in the directory stands for, such as kLeaderName. One owner at most has
  // it, until it exits or calls Resign(); then the first owner that asks is the next. True if the lock cannot be opened: several
  // owners in a role are better than none.
  bool Lead(const std::string& role);
  void Resign(const std::string& role);

  // Marks the owner as closed and gives up its locks. The cells stay mapped while JavaScript has views of them.
  void Close();

 private:
  explicit OwnerPresence(std::shared_ptr<SegmentWriter> segment) : segment_(std::move(segment)) {}

  void DisposeOfFormer();

  layout::Header& header() const { return segment_->header(); }

  std::shared_ptr<SegmentWriter> segment_;
  std::string wakeup_path_;
  // The locked file of each role.
  std::map<std::string, UniqueFd> roles_;
  // The file before the last rewrite, until the next heartbeat: a reader that has opened it must find the lock held.
  UniqueFd former_fd_;
  std::shared_ptr<SegmentWriter> former_;
  Disposal disposal_;
};

}  // namespace prom
