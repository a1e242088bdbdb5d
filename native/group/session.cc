#include "group/session.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "files/directory.h"

namespace prom {
namespace {

constexpr int kWaitMs = 1000;

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
    if (IsTemporaryName(name)) ::unlinkat(directory, name.c_str(), 0);
    if (!IsSegmentName(name) || !IsOurs(directory, name)) continue;
    RemoveWakeup(directory, name);
    ::unlinkat(directory, name.c_str(), 0);
  }
  if (IsOurs(directory, kArchiveName)) ::unlinkat(directory, kArchiveName, 0);
}

}  // namespace

UniqueFd JoinSession(const std::string& path, const OwnerIdentity& self, JoinMode mode, UniqueFd held) {
  UniqueFd directory = OpenDirectory(path);
  if (!directory.valid()) return held;
  UniqueFd session = std::move(held);
  if (!session.valid() || !NameIsCurrent(directory.get(), kSessionName, session.get())) {
    session = OpenLockFile(directory.get(), kSessionName);
  }
  if (!session.valid()) return {};
  if (mode == JoinMode::kReset && WaitForLock(session.get(), LOCK_EX, 0) &&
      LockExcludes(directory.get(), kSessionName)) {
    Sweep(directory.get(), self);
  }
  if (!WaitForLock(session.get(), LOCK_SH, kWaitMs)) session.reset();
  return session;
}

}  // namespace prom
