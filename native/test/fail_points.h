// Ends the process at a chosen step: before the n-th system call that changes something, or publishing store.
#pragma once

#include <cstdint>

namespace prom::test {

// From here on the n-th step, counted from 1, is a SIGKILL before it; 0 never.
void DieBefore(uint64_t step);

}  // namespace prom::test
