// What happens to the process at a chosen step: a publishing store, or a system call that changes files.
#pragma once

#include <cstdint>
#include <functional>

namespace prom::test {

// A SIGKILL before the n-th step from here on, counted from 1; 0: never.
void DieBefore(uint64_t step);

// Called just before the next lock of a file is taken: after the file was opened, and before its name is checked.
extern std::function<void()> before_next_lock;

}  // namespace prom::test
