// The two clocks whose times are in the header of a segment.
#pragma once

#include <cstdint>
#include <ctime>

namespace prom {

inline uint64_t ClockNs(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
}

// Nanoseconds since the boot, including suspend. Comparable between all processes of this boot.
inline uint64_t BoottimeNs() {
#ifdef __linux__
  return ClockNs(CLOCK_BOOTTIME);
#else
  return ClockNs(CLOCK_MONOTONIC);  // Darwin's goes on while the machine is suspended
#endif
}

// Nanoseconds since 1970.
inline uint64_t RealtimeNs() { return ClockNs(CLOCK_REALTIME); }

}  // namespace prom
