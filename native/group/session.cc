#include "group/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "files/directory.h"
#include "platform/listing.h"

namespace prom {
namespace {

// For a process that begins the session at this moment.
constexpr double kWaitMs = 1000;

bool IsPlainFile(int directory, const char* name) {
  struct stat status {};
  return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
         status.st_nlink == 1;
}

// True when the owner of every segment is known to have exited, also where locks prove nothing.
bool AllAreGone(int directory, const std::vector<std::string>& names, const OwnerIdentity& self) {
  for (const std::string& name : names) {
    if (!IsSegmentName(name)) continue;
    UniqueFd fd = OpenPlainFile(directory, name.c_str());
    layout::Header header;
    // A file that this process cannot open, now or ever, may have a living owner.
    if (!fd.valid() && IsPlainFile(directory, name.c_str())) return false;
    if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) continue;
    if (ProbeLock(fd.get()) != LockProbe::kFree || !IsGone(OwnerEvidence(header, self))) return false;
  }
  return true;
}

// Whether a file is a segment or an archive by its content. Other files of such names are not ours to remove.
bool IsOurs(int directory, const std::string& name) {
  UniqueFd fd = OpenPlainFile(directory, name.c_str());
  layout::Header header;
  return fd.valid() && FileSource(fd.get()).Read(&header, sizeof header, 0) &&
         std::memcmp(header.magic, layout::kMagic, sizeof header.magic) == 0;
}

// The archive goes last: a crash on the way loses counts, and never leaves parts of them twice.
void Sweep(int directory, const OwnerIdentity& self) {
  std::vector<std::string> names;
  if (!ListNames(directory, names) || !AllAreGone(directory, names, self)) return;
  for (const std::string& name : names) {
    if (IsTemporaryName(name) || IsRequestName(name)) ::unlinkat(directory, name.c_str(), 0);
    if (!IsSegmentName(name) || !IsOurs(directory, name)) continue;
    RemoveWakeup(directory, name);
    ::unlinkat(directory, name.c_str(), 0);
  }
  if (IsOurs(directory, kArchiveName)) ::unlinkat(directory, kArchiveName, 0);
}

// After an execve a process has the pid and the start of its former self, so the process itself must tell that the owner of such
// a segment has exited: it marks the segment as closed. A thread of this process holds the lock of its segment.
void CloseFormerSelf(int directory, const OwnerIdentity& self) {
  std::vector<std::string> names;
  ListNames(directory, names);
  for (const std::string& name : names) {
    if (!name.starts_with("s." + std::to_string(self.pid) + '.')) continue;
    UniqueFd fd(::openat(directory, name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    layout::Header header;
    if (!fd.valid() || !IsPlainFile(directory, name.c_str()) ||
        !FileSource(fd.get()).Read(&header, sizeof header, 0) || ProcessOf(header) != ProcessOf(self)) {
      continue;
    }
    if (!WaitForLock(fd.get(), LOCK_EX, 0) || !LockExcludes(directory, name.c_str())) continue;
    auto closed = static_cast<uint32_t>(layout::OwnerState::kClosed);
    [[maybe_unused]] ssize_t n = ::pwrite(fd.get(), &closed, sizeof closed, offsetof(layout::Header, state));
  }
}

// Best effort: without room for it, owners that others have not seen alive leave no trace.
void WriteMark(const UniqueFd& session) {
  struct stat status {};
  if (::fstat(session.get(), &status) != 0 || status.st_nlink != 1) return;
  std::string mark = RandomHex();
  [[maybe_unused]] ssize_t n = ::pwrite(session.get(), mark.data(), mark.size(), 0);
}

}  // namespace

std::string SessionMark(const UniqueFd& session) {
  char mark[16];
  bool readable = session.valid() && FileSource(session.get()).Read(mark, sizeof mark, 0);
  return readable ? std::string(mark, sizeof mark) : std::string();
}

UniqueFd JoinSession(const std::string& path, const OwnerIdentity& self, JoinMode mode, UniqueFd held) {
  UniqueFd directory = OpenDirectory(path);
  if (!directory.valid()) return held;
  if (!held.valid()) CloseFormerSelf(directory.get(), self);
  UniqueFd session = std::move(held);
  if (!session.valid() || !NameIsCurrent(directory.get(), kSessionName, session.get())) {
    session = OpenLockFile(directory.get(), kSessionName);
  }
  bool first = mode == JoinMode::kReset && WaitForLock(session.get(), LOCK_EX, 0) &&
               LockExcludes(directory.get(), kSessionName);
  if (first) Sweep(directory.get(), self);
  if (!WaitForLock(session.get(), LOCK_SH, kWaitMs)) return {};
  if (mode != JoinMode::kRead) WriteMark(session);
  return session;
}

bool SessionHasEnded(const std::string& path, const OwnerIdentity& self) {
  UniqueFd directory = OpenDirectory(path);
  std::vector<std::string> names;
  if (!directory.valid() || !ListNames(directory.get(), names)) return false;
  UniqueFd session(::openat(directory.get(), kSessionName, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (session.valid()
          ? !WaitForLock(session.get(), LOCK_EX, 0) || !LockExcludes(directory.get(), kSessionName)
          : errno != ENOENT) {
    return false;
  }
  return AllAreGone(directory.get(), names, self);
}

}  // namespace prom
