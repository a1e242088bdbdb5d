// The two clocks that a segment's header is stamped with.
#pragma once

#include <cstdint>

namespace prom {

// Nanoseconds since the boot, time in suspend included; comparable between all processes of this boot.
uint64_t BoottimeNs();

// Nanoseconds of the wall clock since 1970.
uint64_t RealtimeNs();

}  // namespace prom
