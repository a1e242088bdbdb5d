// Who owns a segment, and whether that owner still lives.
//
// The owner holds a flock on its segment for life; the kernel gives it up on any death. Where a file system's flock
// does not exclude (some bind mounts, some virtual machines) a free lock proves nothing, so a second piece of evidence
// decides with it: the owner's closed mark, or its pid and start time in the same pid namespace.
#pragma once

#include <cstdint>
#include <string>

#include "format/layout.h"

namespace prom {

struct OwnerIdentity {
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint32_t worker_thread = 0;
  uint64_t pid_namespace = 0;
  uint64_t start_ticks = 0;
  uint8_t boot_id[16] = {};
};

// Tells processes apart. All threads of a process have the same.
struct ProcessIdentity {
  uint32_t pid = 0;
  uint64_t pid_namespace = 0;
  uint64_t start_ticks = 0;
  uint8_t boot_id[16] = {};

  bool operator==(const ProcessIdentity&) const = default;
};
ProcessIdentity ProcessOf(const OwnerIdentity& owner);
ProcessIdentity ProcessOf(const layout::Header& header);

// The calling thread. `worker_thread` is worker_threads' threadId, 0 for the main thread.
OwnerIdentity CurrentOwner(uint32_t worker_thread);

// What /proc/<pid>/stat tells: `start_ticks` is field 22, when the process started, in clock ticks since the boot.
struct ProcessStat {
  bool readable = false;  // false also for a process that is hidden from us
  bool zombie = false;
  uint64_t start_ticks = 0;
};
ProcessStat ReadProcessStat(uint32_t pid);

enum class LockProbe { kHeld, kFree, kUnknown };

// Tries the lock of an open segment without keeping it.
LockProbe ProbeLock(int fd);

// kSilent: its heartbeats have stopped, for so long that an owner whose lock is free is taken for gone.
enum class Evidence { kPresent, kSilent, kGone, kUnknown };

// What there is to know about the owner beside the lock. `self` is any thread of the asking process.
Evidence OwnerEvidence(const layout::Header& header, const OwnerIdentity& self);

// Whether the process of the owner is seen to live, though its thread may have ended.
bool ProcessLives(const layout::Header& header, const OwnerIdentity& self);

// Whether the owner is gone for whoever holds its lock: only then may others write to its segment, or fold it.
bool IsGone(Evidence evidence);

// Whether live-only values of an owner count. A lock that is held says so, unless the owner is known to be gone: then it
// is a folder's, or that of a child which the owner left behind. A free one does not, unless the owner is seen.
bool CountsAsLive(LockProbe lock, Evidence evidence);

// The value of the label `pid`: Python's word. A worker thread shares its process's pid.
std::string InstanceName(const layout::Header& header);

}  // namespace prom
