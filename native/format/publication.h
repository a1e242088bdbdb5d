// The two halves of a publication: the stores of the owner of a segment, and the loads of readers.
#pragma once

#include <atomic>

namespace prom {

// Before each publishing store crash tests may end the process, as they can before each system call. Empty in all other builds.
#ifdef PROM_FAIL_POINTS
void FailPoint();
#else
inline void FailPoint() {}
#endif

// The half of the owner: a reader that loads the new value and then fences sees all earlier stores.
template <typename T>
void StoreRelease(T& at, T value) {
  FailPoint();
  std::atomic_ref<T>(at).store(value, std::memory_order_release);
}

// The half of the owner for stores that must not be visible before earlier ones: a release store lets the stores after it pass.
inline void ReleaseFence() { std::atomic_thread_fence(std::memory_order_release); }

// The half of the reader: later loads see values at least as new as earlier loads.
inline void AcquireFence() { std::atomic_thread_fence(std::memory_order_acquire); }

// For a word that readers load meanwhile, in any order: they never see half of it.
template <typename T>
void StoreRelaxed(T& at, T value) {
  std::atomic_ref<T>(at).store(value, std::memory_order_relaxed);
}

}  // namespace prom
