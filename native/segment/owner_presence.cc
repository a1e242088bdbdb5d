#include "segment/owner_presence.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "files/directory.h"
#include "format/publication.h"
#include "platform/clock.h"

namespace prom {
namespace {

using layout::Header;
using layout::OwnerState;
using layout::Wakeup;

// Another program may delete a temporary file before it is renamed, or a FIFO before it is opened.
constexpr int kCreateAttempts = 10;

void StampHeartbeat(Header& header) {
  StoreRelaxed(header.heartbeat_boottime_ns, BoottimeNs());
  StoreRelaxed(header.heartbeat_realtime_ns, RealtimeNs());
}

void CopyCounters(const Header& from, Header& to) {
  to.collects_started = from.collects_started;
  to.collects_finished = from.collects_finished;
  to.collect_failures = from.collect_failures;
  to.compaction_failures = from.compaction_failures;
  to.dropped_series = from.dropped_series;
  to.dropped_updates = from.dropped_updates;
  to.lacks_room = from.lacks_room;
  to.wakeup = from.wakeup;
}

std::optional<SystemError> Publish(SegmentWriter& segment, const std::string& path, bool replaces) {
  // Before the file is visible: a visible segment without a lock is always one whose owner has exited.
  // A file system without locks is no failure: there is other evidence.
  if (::flock(segment.fd(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return SystemError{errno, "flock", segment.path()};
  }
  return segment.Rename(path, replaces);
}

}  // namespace

Result<std::unique_ptr<OwnerPresence>> OwnerPresence::Create(const std::string& directory,
                                                             const OwnerIdentity& owner, uint64_t max_bytes) {
  for (int attempt = 1;; attempt++) {
    auto segment = SegmentWriter::Create(directory, owner, max_bytes);
    if (!segment.ok()) return segment.error();
    std::unique_ptr<OwnerPresence> presence(new OwnerPresence(std::move(segment.value())));
    presence->Heartbeat();
    if (directory.empty()) return presence;
    std::string name = '/' + SegmentPrefix(owner.pid, owner.tid) + RandomHex();
    auto error = Publish(*presence->segment_, directory + name, false);
    if (!error) return presence;
    if (error->code != ENOENT || attempt == kCreateAttempts) return *error;
  }
}

std::optional<SystemError> OwnerPresence::Replace(std::shared_ptr<SegmentWriter> next) {
  CopyCounters(header(), next->header());
  StampHeartbeat(next->header());
  const std::string& path = segment_->path();
  bool replaces = next->directory() == segment_->directory();
  std::string name = path.substr(path.rfind('/'));
  // Before the rename: a file that other owners see must be the one that this owner counts in.
  if (auto error = next->ExchangeAddresses(*segment_)) return error;
  if (auto error = Publish(*next, next->directory() + name, replaces)) {
    next->ExchangeAddresses(*segment_);
    return error;
  }
  next->TakeFreeCells(*segment_);
  DisposeOfFormer();
  former_fd_ = segment_->Retire();
  former_ = std::exchange(segment_, std::move(next));
  return std::nullopt;
}

bool OwnerPresence::NameIsCurrent() const {
  const std::string& path = segment_->path();
  struct stat named {};
  bool unknown = ::lstat(path.c_str(), &named) != 0 && errno != ENOENT && errno != ENOTDIR;
  return segment_->fd() < 0 || unknown || prom::NameIsCurrent(AT_FDCWD, path.c_str(), segment_->fd());
}

void OwnerPresence::DisposeOfFormer() {
  if (former_ == nullptr) return;
  disposal_.Dispose(std::pair(std::move(former_), std::move(former_fd_)));
}

void OwnerPresence::Heartbeat() {
  DisposeOfFormer();
  StampHeartbeat(header());
}

Result<int> OwnerPresence::OpenWakeup() {
  std::string path = WakeupPath(segment_->path());
  int fd = -1;
  for (int attempt = 1; fd < 0; attempt++) {
    ::unlink(path.c_str());
    if (::mkfifo(path.c_str(), 0600) != 0) return SystemError{errno, "mkfifo", path};
    // For writing, too: without any writer a reader finds the end of the file again and again.
    fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 || (errno == ENOENT && attempt < kCreateAttempts)) continue;
    SystemError error{errno, "open", path};
    ::unlink(path.c_str());
    return error;
  }
  wakeup_path_ = path;
  if (header().wakeup == 0) StoreRelease(header().wakeup, static_cast<uint32_t>(Wakeup::kListens));
  return fd;
}

bool OwnerPresence::WakeupExists() const {
  struct stat named {};
  return wakeup_path_.empty() || ::lstat(wakeup_path_.c_str(), &named) == 0 || errno != ENOENT;
}

void OwnerPresence::HasCollectors() {
  if (header().wakeup != 0) StoreRelease(header().wakeup, static_cast<uint32_t>(Wakeup::kCollects));
}

uint64_t OwnerPresence::StartCollect() {
  uint64_t sequence = header().collects_started + 1;
  StoreRelease(header().collects_started, sequence);
  return sequence;
}

void OwnerPresence::FinishCollect(uint64_t sequence, uint64_t failures) {
  StoreRelaxed(header().collect_failures, header().collect_failures + failures);
  // After the values that the collect functions stored: a reader that sees the number (acquire) reads them.
  StoreRelease(header().collects_finished, sequence);
}

void OwnerPresence::CountDrops(uint64_t series, uint64_t updates) {
  StoreRelaxed(header().dropped_series, header().dropped_series + series);
  StoreRelaxed(header().dropped_updates, header().dropped_updates + updates);
}

void OwnerPresence::CountCompactionFailure() {
  StoreRelaxed(header().compaction_failures, header().compaction_failures + 1);
}

void OwnerPresence::LacksRoom(bool lacks) { StoreRelaxed(header().lacks_room, uint64_t{lacks}); }

bool OwnerPresence::Lead(const std::string& role) {
  if (segment_->path().empty()) return true;
  std::string path = segment_->directory() + '/' + role;
  auto held = roles_.find(role);
  if (held != roles_.end() && prom::NameIsCurrent(AT_FDCWD, path.c_str(), held->second.get())) return true;
  Resign(role);  // that file was deleted: the owner that locks the next one has the role
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!fd.valid()) return true;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  roles_[role] = std::move(fd);
  return true;
}

void OwnerPresence::Resign(const std::string& role) { roles_.erase(role); }

void OwnerPresence::Close() {
  roles_.clear();
  former_fd_.reset();
  if (!wakeup_path_.empty()) ::unlink(wakeup_path_.c_str());
  wakeup_path_.clear();
  segment_->Close();
}

}  // namespace prom
