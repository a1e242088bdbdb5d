#include "base/clock.h"

#include <ctime>

namespace prom {
namespace {

uint64_t NowNs(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000ull + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

uint64_t BoottimeNs() {
#ifdef CLOCK_BOOTTIME
  return NowNs(CLOCK_BOOTTIME);
#else
  return NowNs(CLOCK_MONOTONIC);
#endif
}

uint64_t RealtimeNs() { return NowNs(CLOCK_REALTIME); }

}  // namespace prom
