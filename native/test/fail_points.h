// Ends the process at a chosen step: a publishing store, or a system call that changes files.
#pragma once

#include <cstdint>

namespace prom::test {

// A SIGKILL before the n-th step from here on, counted from 1; 0: never.
void DieBefore(uint64_t step);

}  // namespace prom::test
