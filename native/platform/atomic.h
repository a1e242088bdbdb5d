// Atomic access to memory that is no std::atomic, as std::atomic_ref has it. The C++ libraries of clang before 19 lack that one.
#pragma once

namespace prom {

template <typename T>
void AtomicStoreRelease(T& at, T value) {
  __atomic_store(&at, &value, __ATOMIC_RELEASE);
}

template <typename T>
void AtomicStoreRelaxed(T& at, T value) {
  __atomic_store(&at, &value, __ATOMIC_RELAXED);
}

template <typename T>
T AtomicLoadAcquire(const T& at) {
  T value;
  __atomic_load(&at, &value, __ATOMIC_ACQUIRE);
  return value;
}

}  // namespace prom
