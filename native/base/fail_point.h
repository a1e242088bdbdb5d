// Where a test of crashes may end the process: before each store that publishes something. Before each system call it can in
// any case. In every other build this is nothing.
#pragma once

namespace prom {

#ifdef PROM_FAIL_POINTS
void FailPoint();
#else
inline void FailPoint() {}
#endif

}  // namespace prom
