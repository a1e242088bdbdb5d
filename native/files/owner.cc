#include "files/owner.h"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <mutex>
#include <string>

#include "platform/clock.h"
#include "platform/process.h"

namespace prom {
namespace {

constexpr uint64_t kOtherNamespaceNs = 60ull * 1000 * 1000 * 1000;  // same boot: 12 heartbeats
constexpr uint64_t kOtherBootNs = 10ull * 60 * 1000 * 1000 * 1000;  // other boot, or another machine

// The evidence of a heartbeat. A time in the future is of another clock.
Evidence Silent(uint64_t now, uint64_t beat, uint64_t limit) {
  return now > beat && now - beat > limit ? Evidence::kSilent : Evidence::kUnknown;
}

// One for all threads of a process: emulators of another processor may tell each thread another one.
uint64_t OwnStart(uint32_t pid) {
  static std::mutex mutex;
  static uint32_t known_pid = 0;  // a fork leaves that of the parent
  static uint64_t start = 0;
  std::lock_guard lock(mutex);
  if (known_pid != pid) start = ReadProcessStat(pid).start_ticks;
  known_pid = pid;
  return start;
}

// What the pid and the start time of a process tell.
Evidence ProcessEvidence(const layout::Header& header, const OwnerIdentity& self) {
  // The calling process needs no evidence but that its pid had no earlier owner.
  bool is_own = header.pid == self.pid && self.pid == static_cast<uint32_t>(::getpid());
  if (is_own && self.start_ticks == header.start_ticks) return Evidence::kPresent;
  // Not "<pid> is missing in /proc", which is also true for a hidden process.
  if (::kill(static_cast<pid_t>(header.pid), 0) != 0 && errno == ESRCH) return Evidence::kGone;
  ProcessStat stat = ReadProcessStat(header.pid);
  if (!stat.readable || header.start_ticks == 0) return Evidence::kPresent;
  bool runs = !stat.zombie && stat.start_ticks == header.start_ticks;
  return runs ? Evidence::kPresent : Evidence::kGone;
}

}  // namespace

OwnerIdentity CurrentOwner(uint32_t worker_thread) {
  OwnerIdentity self;
  self.pid = static_cast<uint32_t>(::getpid());
  self.tid = CurrentThreadId();
  self.worker_thread = worker_thread;
  self.pid_namespace = PidNamespace();
  self.start_ticks = OwnStart(self.pid);
  self.boot_id = BootId();
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
  if (ProcessEvidence(header, self) == Evidence::kGone) return Evidence::kGone;
  if (header.tid != header.pid && !ThreadMayLive(header.pid, header.tid)) return Evidence::kGone;
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
