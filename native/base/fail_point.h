// A point before each publishing store where crash tests may end the process, as they can before each system call. Empty in
// all other builds.
#pragma once

namespace prom {

#ifdef PROM_FAIL_POINTS
void FailPoint();
#else
inline void FailPoint() {}
#endif

}  // namespace prom
