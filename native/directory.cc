#include "directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "owner.h"

namespace prom {
namespace {

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

}  // namespace

bool IsSegmentName(std::string_view name) { return name.starts_with("s."); }

bool IsTemporaryName(std::string_view name) { return name.starts_with(".t."); }

bool IsOtherOwnName(std::string_view name) {
  return name.starts_with(".") || name.starts_with("b.") || name == kArchiveName || name == kBadArchiveName ||
         name == kLockName || name == kRunName || name == kLeaderName;
}

std::string BellPath(const std::string& segment) {
  size_t name = segment.rfind('/') == std::string::npos ? 0 : segment.rfind('/') + 1;
  return segment.substr(0, name) + "b" + segment.substr(name + 1);
}

UniqueFd OpenDirectory(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

bool ListNames(int directory, std::vector<std::string>& names) {
  // A descriptor of its own: where the listing stands is part of it.
  int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = fd < 0 ? nullptr : ::fdopendir(fd);
  if (listing == nullptr) {
    if (fd >= 0) ::close(fd);
    return false;
  }
  while (const dirent* entry = ::readdir(listing)) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(listing);
  return true;
}

UniqueFd OpenPlainFile(int directory, const char* name, SkipReason* reason) {
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
  *reason = SkipReason::kNone;
  return fd;
}

UniqueFd OpenLockFile(int directory, const char* name) {
  UniqueFd fd(::openat(directory, name, O_RDWR | O_CREAT | kFlags, 0600));
  struct stat status {};
  if (fd.valid() && (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))) {
    errno = EINVAL;
    return UniqueFd();
  }
  return fd;
}

bool IsStillThere(int directory, const char* name, int fd) {
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

std::string RandomHex() {
  uint8_t bytes[8];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) std::memset(bytes, 0, sizeof bytes);
  char text[17];
  for (int i = 0; i < 8; i++) std::snprintf(text + 2 * i, 3, "%02x", bytes[i]);
  return text;
}

}  // namespace prom
