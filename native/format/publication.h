// The two halves of every publication: what the owner of a segment stores, and others read meanwhile.
#pragma once

#include <atomic>

#include "base/fail_point.h"

namespace prom {

// The owner's half: what was stored before is there for whoever reads the new value and then fences.
template <typename T>
void StoreRelease(T& at, T value) {
  FailPoint();
  std::atomic_ref<T>(at).store(value, std::memory_order_release);
}

// The reader's half: what is read after this is at least as new as what was read before.
inline void AcquireFence() { std::atomic_thread_fence(std::memory_order_acquire); }

// What a reader may load at the same time, in any order: it takes each word whole.
template <typename T>
void StoreRelaxed(T& at, T value) {
  std::atomic_ref<T>(at).store(value, std::memory_order_relaxed);
}

}  // namespace prom
