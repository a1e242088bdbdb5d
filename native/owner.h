// Who owns a segment, and whether that owner still lives.
//
// The owner holds a flock on its segment for life; the kernel gives it up on any death. Where a file system's flock
// does not exclude (some bind mounts, some virtual machines) a free lock proves nothing, so a second piece of evidence
// decides with it: the owner's closed mark, or its pid and start time in the same pid namespace.
#pragma once

#include <cstdint>

#include "layout.h"

namespace prom {

struct OwnerIdentity {
  uint32_t pid = 0;
  uint32_t tid = 0;
  uint32_t worker_thread = 0;
  uint64_t pid_namespace = 0;
  uint64_t start_ticks = 0;
  uint8_t boot_id[16] = {};
};

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

enum class Evidence { kPresent, kGone, kUnknown };

// What there is to know about the owner beside the lock. `self` is any thread of the asking process.
Evidence OwnerEvidence(const layout::Header& header, const OwnerIdentity& self);

// True when live-only values of the owner no longer count: its lock is free and nothing says that it is there.
bool LooksDead(int fd, const layout::Header& header, const OwnerIdentity& self);

uint64_t BoottimeNs();
uint64_t RealtimeNs();

}  // namespace prom
