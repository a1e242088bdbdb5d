// The owner of a segment, and whether it still lives.
//
// The owner holds a flock on its segment; the kernel releases it at any exit. On file systems whose flock does not exclude
// (some bind mounts, some virtual machines) a free lock proves nothing. So there must be other evidence, too: the closed
// mark of the owner, or its pid and start time in the same pid namespace.
#pragma once

#include <compare>
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
  layout::Id boot_id{};
};

// Tells processes apart. All threads of a process have the same.
struct ProcessIdentity {
  uint32_t pid = 0;
  uint64_t pid_namespace = 0;
  uint64_t start_ticks = 0;
  layout::Id boot_id{};

  bool operator==(const ProcessIdentity&) const = default;
  std::strong_ordering operator<=>(const ProcessIdentity&) const = default;
};
ProcessIdentity ProcessOf(const OwnerIdentity& owner);
ProcessIdentity ProcessOf(const layout::Header& header);

// The calling thread. `worker_thread` is worker_threads' threadId, 0 for the main thread.
OwnerIdentity CurrentOwner(uint32_t worker_thread);

enum class LockProbe { kHeld, kFree, kUnknown };

// Tries the lock of an open segment without keeping it.
LockProbe ProbeLock(int fd);

// kSilent: without a heartbeat for so long that an owner whose lock is free counts as gone.
enum class Evidence { kPresent, kSilent, kGone, kUnknown };

// The evidence about the owner besides the lock. `self` is any thread of the calling process.
Evidence OwnerEvidence(const layout::Header& header, const OwnerIdentity& self);

// Whether the process of the owner is known to live, though the thread may have ended.
bool ProcessLives(const layout::Header& header, const OwnerIdentity& self);

// Whether the owner is gone, for a process that holds the lock of its segment. Only then may the process compact the
// segment or write to it.
bool IsGone(Evidence evidence);

// Whether the values of an owner count in `live` modes. With a held lock they do, unless the owner is known to be gone: then
// a compactor holds the lock, or a child of the owner. With a free lock they do only if the owner is known to live.
bool CountsAsLive(LockProbe lock, Evidence evidence);

// The value of the label `pid`, which Python's client uses, too. A worker thread adds its id to the pid of the process.
std::string InstanceName(const layout::Header& header);

}  // namespace prom
