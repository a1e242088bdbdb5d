#include "group/run.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
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

// True when the owner of every segment is known to be gone, whatever the locks say.
bool NobodyLives(int directory, const std::vector<std::string>& names, const OwnerIdentity& self) {
  for (const std::string& name : names) {
    if (!IsSegmentName(name)) continue;
    SkipReason reason;
    UniqueFd fd = OpenPlainFile(directory, name.c_str(), &reason);
    layout::Header header;
    // Somebody else's, or one that this process cannot open now: who knows.
    if (!fd.valid() && IsPlainFile(directory, name.c_str())) return false;
    if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) continue;
    if (ProbeLock(fd.get()) != LockProbe::kFree || !IsGone(OwnerEvidence(header, self))) return false;
  }
  return true;
}

// Only what is a segment or an archive, by what is in it: whatever else has such a name is not ours to remove.
bool IsOurs(int directory, const std::string& name) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, name.c_str(), &reason);
  layout::Header header;
  return fd.valid() && FileSource(fd.get()).Read(&header, sizeof header, 0) &&
         std::memcmp(header.magic, layout::kMagic, sizeof header.magic) == 0;
}

// The archive goes last: a crash on the way leaves less of the past, never parts of it twice.
void Sweep(int directory, const OwnerIdentity& self) {
  std::vector<std::string> names;
  if (!ListNames(directory, names) || !NobodyLives(directory, names, self)) return;
  for (const std::string& name : names) {
    if (IsTemporaryName(name)) ::unlinkat(directory, name.c_str(), 0);
    if (!IsSegmentName(name) || !IsOurs(directory, name)) continue;
    RemoveWakeup(directory, name);
    ::unlinkat(directory, name.c_str(), 0);
  }
  if (IsOurs(directory, kArchiveName)) ::unlinkat(directory, kArchiveName, 0);
}

bool Lock(int fd, int operation) { return ::flock(fd, operation | LOCK_NB) == 0; }

}  // namespace

UniqueFd JoinRun(const std::string& path, const OwnerIdentity& self, Part part, UniqueFd held) {
  UniqueFd directory = OpenDirectory(path);
  if (!directory.valid()) return held;
  UniqueFd run = std::move(held);
  if (!run.valid() || !NameIsCurrent(directory.get(), kSessionName, run.get())) {
    run = OpenLockFile(directory.get(), kSessionName);
  }
  if (!run.valid()) return {};
  if (part == Part::kStarter && Lock(run.get(), LOCK_EX) && LockExcludes(directory.get(), kSessionName)) {
    Sweep(directory.get(), self);
  }
  for (int waited = 0; !Lock(run.get(), LOCK_SH); waited++) {
    if (errno != EWOULDBLOCK || waited >= kWaitMs) return {};
    ::poll(nullptr, 0, 1);
  }
  return run;
}

}  // namespace prom
