// The half of SegmentWriter that speaks for the owner: that it is there, hears and leads, and what it has to tell of itself.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"
#include "files/directory.h"
#include "format/publication.h"
#include "segment/segment_writer.h"

namespace prom {

bool SegmentWriter::IsThere() const {
  struct stat named {};
  // What may not be looked at now may be there all the same.
  bool unknown = ::lstat(path_.c_str(), &named) != 0 && errno != ENOENT && errno != ENOTDIR;
  return !fd_.valid() || unknown || NameIsCurrent(AT_FDCWD, path_.c_str(), fd_.get());
}

bool SegmentWriter::BellIsThere() const {
  struct stat named {};
  return wakeup_path_.empty() || ::lstat(wakeup_path_.c_str(), &named) == 0 || errno != ENOENT;
}

void SegmentWriter::Beat() {
  former_fd_.reset();
  StoreRelaxed(header_->heartbeat_boottime_ns, BoottimeNs());
  StoreRelaxed(header_->heartbeat_realtime_ns, RealtimeNs());
}

Result<int> SegmentWriter::OpenBell() {
  std::string path = WakeupPath(path_);
  ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), 0600) != 0) return SystemError{errno, "mkfifo", path};
  // Open for writing too: with no writer left, a reader would find the end of the file again and again.
  int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    SystemError error{errno, "open", path};
    ::unlink(path.c_str());
    return error;
  }
  wakeup_path_ = path;
  if (header_->wakeup == 0) StoreRelease(header_->wakeup, static_cast<uint32_t>(layout::Wakeup::kListens));
  return fd;
}

void SegmentWriter::HasCollectors() {
  if (header_->wakeup != 0) StoreRelease(header_->wakeup, static_cast<uint32_t>(layout::Wakeup::kCollects));
}

uint64_t SegmentWriter::StartCollect() {
  uint64_t run = header_->collects_started + 1;
  StoreRelease(header_->collects_started, run);
  return run;
}

void SegmentWriter::FinishCollect(uint64_t run, uint64_t failures) {
  StoreRelaxed(header_->collect_failures, header_->collect_failures + failures);
  // After what the functions stored: whoever sees the number (acquire) reads their values.
  StoreRelease(header_->collects_finished, run);
}

void SegmentWriter::CountDrops(uint64_t series, uint64_t updates) {
  StoreRelaxed(header_->dropped_series, header_->dropped_series + series);
  StoreRelaxed(header_->dropped_updates, header_->dropped_updates + updates);
}

void SegmentWriter::CountFoldFailure() {
  StoreRelaxed(header_->compaction_failures, header_->compaction_failures + 1);
}

bool SegmentWriter::Lead() {
  if (path_.empty()) return true;
  std::string path = Directory() + '/' + kLeaderName;
  if (leader_fd_.valid() && NameIsCurrent(AT_FDCWD, path.c_str(), leader_fd_.get())) return true;
  leader_fd_.reset();  // of a file that was deleted: who locks the next one is the leader
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  // What cannot be opened cannot be locked by anybody: rather several leaders than none.
  if (!fd.valid()) return true;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  leader_fd_ = std::move(fd);
  return true;
}

}  // namespace prom
