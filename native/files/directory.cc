#include "files/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <mutex>
#include <set>

#include "files/owner.h"
#include "platform/listing.h"
#include "platform/random.h"

namespace prom {
namespace {

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

bool OthersMayWrite(const struct stat& status) {
  return (status.st_mode & S_IWOTH) != 0 || ((status.st_mode & S_IWGRP) != 0 && status.st_gid != ::getegid());
}

// Of this process, for all its threads.
class PathSet {
 public:
  void Add(const std::string& path) {
    std::lock_guard lock(mutex_);
    paths_.insert(path);
  }
  bool Contains(const std::string& path) {
    std::lock_guard lock(mutex_);
    return paths_.contains(path);
  }

 private:
  std::mutex mutex_;
  std::set<std::string> paths_;
};

PathSet& AllowedDirectories() {
  static PathSet paths;
  return paths;
}

// Owners reserve the blocks of a segment. A file system that compresses, or a copy that leaves out zeros, has fewer of them, but
// never one for a thousand. Some file systems count no blocks at all.
bool IsHollow(const struct stat& status) {
  constexpr int64_t kFree = 1024 * 1024;
  return status.st_blocks > 0 && status.st_size > kFree + status.st_blocks * 512 * 1024;
}

}  // namespace

bool IsSegmentName(std::string_view name) { return name.starts_with("s."); }

std::string SegmentPrefix(uint32_t pid, uint32_t tid) {
  return "s." + std::to_string(pid) + '.' + std::to_string(tid) + '.';
}

bool IsTemporaryName(std::string_view name) { return name.starts_with(".t."); }

std::string RandomHex() {
  uint64_t bits = 0;
  [[maybe_unused]] bool random = RandomBytes(&bits, sizeof bits);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}

bool IsOtherOwnName(std::string_view name) {
  return name.starts_with(".") || name.starts_with("w.") || IsRequestName(name) || name == kArchiveName ||
         name == kBadArchiveName || name == kLockName || name == kSessionName || name == kLeaderName;
}

std::string WakeupPath(const std::string& segment) {
  size_t name = segment.rfind('/') == std::string::npos ? 0 : segment.rfind('/') + 1;
  return segment.substr(0, name) + "w" + segment.substr(name + 1);
}

std::string RequestPrefix(std::string_view segment_name) {
  return "r" + std::string(segment_name.substr(1)) + '.';
}

bool IsRequestName(std::string_view name) { return name.starts_with("r."); }

std::string SegmentOfRequest(std::string_view name) {
  std::string segment = "s" + std::string(name.substr(1));
  for (int i = 0; i < 2; i++) segment.resize(std::min(segment.rfind('.'), segment.size()));
  return segment;
}

void RemoveWakeup(int directory, const std::string& segment) {
  std::string fifo = WakeupPath(segment);
  struct stat status {};
  if (::fstatat(directory, fifo.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISFIFO(status.st_mode)) {
    ::unlinkat(directory, fifo.c_str(), 0);
  }
}

bool IsStarved() { return errno == EMFILE || errno == ENFILE || errno == ENOMEM; }

UniqueFd OpenDirectory(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status {};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) return UniqueFd();
  if (!OthersMayWrite(status) || AllowedDirectories().Contains(path)) return fd;
  errno = EPERM;
  return UniqueFd();
}

void AllowOthersIn(const std::string& path) { AllowedDirectories().Add(path); }

uint64_t BytesIn(const std::string& path) {
  UniqueFd directory = OpenDirectory(path);
  std::vector<std::string> names;
  uint64_t bytes = 0;
  if (!directory.valid() || !ListNames(directory.get(), names)) return bytes;
  for (const std::string& name : names) {
    struct stat status {};
    bool known = ::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
    if (known && S_ISREG(status.st_mode)) bytes += static_cast<uint64_t>(status.st_size);
  }
  return bytes;
}

UniqueFd OpenPlainFile(int directory, const char* name, SkipReason* reason) {
  SkipReason unwanted;
  if (reason == nullptr) reason = &unwanted;
  UniqueFd fd(::openat(directory, name, O_RDONLY | kFlags));
  if (!fd.valid()) {
    bool forbidden = errno == ELOOP || errno == EACCES || errno == EPERM || errno == ENXIO;
    *reason = errno == ENOENT ? SkipReason::kNone
              : forbidden     ? SkipReason::kForbidden
                              : SkipReason::kUnreadable;
    return fd;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
      (status.st_uid != ::geteuid() && ::geteuid() != 0)) {
    *reason = SkipReason::kForbidden;
    return UniqueFd();
  }
  if (IsHollow(status)) {
    *reason = SkipReason::kCorrupt;
    return UniqueFd();
  }
  *reason = SkipReason::kNone;
  return fd;
}

bool WriteWhole(int fd, const void* bytes, size_t length) {
  auto* p = static_cast<const char*>(bytes);
  while (length > 0) {
    ssize_t n = ::write(fd, p, length);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    p += n;
    length -= static_cast<size_t>(n);
  }
  return true;
}

void GiveToOwner(int directory, int fd) {
  struct stat status {};
  if (::geteuid() != 0 || ::fstat(directory, &status) != 0 || status.st_uid == 0) return;
  [[maybe_unused]] int given = ::fchown(fd, status.st_uid, status.st_gid);
}

UniqueFd OpenLockFile(int directory, const char* name) {
  UniqueFd fd(::openat(directory, name, O_RDWR | O_CREAT | kFlags, 0600));
  struct stat status {};
  if (fd.valid() && (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))) {
    errno = EINVAL;
    return UniqueFd();
  }
  if (fd.valid()) GiveToOwner(directory, fd.get());
  return fd;
}

bool NameIsCurrent(int directory, const char* name, int fd) {
  struct stat open_file {};
  struct stat named {};
  return ::fstat(fd, &open_file) == 0 && ::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(named.st_mode) && open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino &&
         named.st_nlink == 1;
}

bool LockExcludes(int directory, const char* name) {
  UniqueFd second(::openat(directory, name, O_RDONLY | kFlags));
  return second.valid() && ProbeLock(second.get()) == LockProbe::kHeld;
}

bool WaitForLock(int fd, int operation, double wait_ms) {
  for (int waited = 0; ::flock(fd, operation | LOCK_NB) != 0; waited++) {
    if (errno != EWOULDBLOCK || waited >= wait_ms) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

}  // namespace prom
