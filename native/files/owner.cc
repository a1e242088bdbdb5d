#include "files/owner.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace prom {
namespace {

constexpr uint64_t kOtherNamespaceNs = 60ull * 1000 * 1000 * 1000;  // same boot: 12 heartbeats
constexpr uint64_t kOtherBootNs = 10ull * 60 * 1000 * 1000 * 1000;  // other boot, or another machine

// A file of /proc, which comes whole in one read.
std::string ReadSmallFile(const char* path) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  char buffer[1024];
  ssize_t length = fd.valid() ? ::read(fd.get(), buffer, sizeof buffer) : 0;
  return {buffer, static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

void ReadBootId(layout::Id& id) {
  std::string digits = ReadSmallFile("/proc/sys/kernel/random/boot_id");
  std::erase_if(digits, [](unsigned char c) { return !std::isxdigit(c); });
  if (digits.size() != 2 * sizeof id) return;
  for (size_t i = 0; i < sizeof id; i++) {
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, id[i], 16);
  }
}

// The evidence of a heartbeat. A time in the future is of another clock.
Evidence Silent(uint64_t now, uint64_t beat, uint64_t limit) {
  return now > beat && now - beat > limit ? Evidence::kSilent : Evidence::kUnknown;
}

}  // namespace

ProcessStat ReadProcessStat(uint32_t pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/stat", pid);
  std::string text = ReadSmallFile(path);
  ProcessStat stat;
  // The command name is in parentheses and may contain any character, so the fields are counted from the last parenthesis.
  size_t at = text.rfind(") ") + 2;
  if (at == 1) return stat;  // npos + 2
  stat.zombie = text[at] == 'Z' || text[at] == 'X';
  for (int field = 3; field < 22 && at != 0; field++) at = text.find(' ', at) + 1;
  stat.readable = at != 0;
  if (stat.readable) stat.start_ticks = std::strtoull(text.c_str() + at, nullptr, 10);
  return stat;
}

OwnerIdentity CurrentOwner(uint32_t worker_thread) {
  OwnerIdentity self;
  self.pid = static_cast<uint32_t>(::getpid());
#ifdef __linux__
  self.tid = static_cast<uint32_t>(::syscall(SYS_gettid));
#else
  self.tid = self.pid;
#endif
  self.worker_thread = worker_thread;
  struct stat status {};
  if (::stat("/proc/self/ns/pid", &status) == 0) self.pid_namespace = status.st_ino;
  self.start_ticks = ReadProcessStat(self.pid).start_ticks;
  ReadBootId(self.boot_id);
  return self;
}

ProcessIdentity ProcessOf(const OwnerIdentity& owner) {
  return {owner.pid, owner.pid_namespace, owner.start_ticks, owner.boot_id};
}

ProcessIdentity ProcessOf(const layout::Header& header) {
  return {header.pid, header.pid_namespace, header.start_ticks, header.boot_id};
}

LockProbe ProbeLock(int fd) {
  // Shared, so that two readers do not take each other for the owner.
  if (::flock(fd, LOCK_SH | LOCK_NB) == 0) {
    ::flock(fd, LOCK_UN);
    return LockProbe::kFree;
  }
  return errno == EWOULDBLOCK ? LockProbe::kHeld : LockProbe::kUnknown;
}

Evidence OwnerEvidence(const layout::Header& header, const OwnerIdentity& self) {
  if (header.state == static_cast<uint32_t>(layout::OwnerState::kClosed)) return Evidence::kGone;
  if (header.boot_id != self.boot_id) {
    return Silent(RealtimeNs(), header.heartbeat_realtime_ns, kOtherBootNs);
  }
  if (header.pid_namespace == 0 || header.pid_namespace != self.pid_namespace) {
    return Silent(BoottimeNs(), header.heartbeat_boottime_ns, kOtherNamespaceNs);
  }
  if (header.pid == 0 || header.pid > INT32_MAX) return Evidence::kUnknown;
  // Not "/proc/<pid> is missing", which is also true for a hidden process.
  if (::kill(static_cast<pid_t>(header.pid), 0) != 0 && errno == ESRCH) return Evidence::kGone;
  ProcessStat stat = ReadProcessStat(header.pid);
  if (!stat.readable || header.start_ticks == 0) return Evidence::kPresent;
  if (stat.zombie || stat.start_ticks != header.start_ticks) return Evidence::kGone;
  if (header.tid != header.pid) {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/%u/task/%u", header.pid, header.tid);
    if (::access(path, F_OK) != 0 && errno == ENOENT) return Evidence::kGone;
  }
  return Evidence::kPresent;
}

bool ProcessLives(const layout::Header& header, const OwnerIdentity& self) {
  bool comparable =
      header.boot_id == self.boot_id && header.pid_namespace == self.pid_namespace && header.start_ticks != 0;
  if (!comparable) return false;
  ProcessStat stat = ReadProcessStat(header.pid);
  return stat.readable && !stat.zombie && stat.start_ticks == header.start_ticks;
}

bool IsGone(Evidence evidence) { return evidence == Evidence::kGone || evidence == Evidence::kSilent; }

bool CountsAsLive(LockProbe lock, Evidence evidence) {
  return lock == LockProbe::kFree ? evidence == Evidence::kPresent : evidence != Evidence::kGone;
}

std::string InstanceName(const layout::Header& header) {
  std::string name = std::to_string(header.pid);
  if (header.worker_thread != 0) name += '-' + std::to_string(header.worker_thread);
  return name;
}

}  // namespace prom
