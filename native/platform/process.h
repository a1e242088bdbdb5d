// What the system tells about processes and threads.
#pragma once

#include <array>
#include <cstdint>

namespace prom {

struct ProcessStat {
  bool readable = false;  // false also for a hidden process
  bool zombie = false;
  // When the process started. Linux: clock ticks since the boot; Darwin: microseconds since 1970.
  uint64_t start_ticks = 0;
};
ProcessStat ReadProcessStat(uint32_t pid);

// The calling thread. The main thread has the pid of its process.
uint32_t CurrentThreadId();

// False only if the process, which lives, is known to have no such thread.
bool ThreadMayLive(uint32_t pid, uint32_t tid);

// A number of the pid namespace of this process; 0 when it is unknown. Systems without namespaces have one.
uint64_t PidNamespace();

// A number of this boot; zeros when it is unknown.
std::array<uint8_t, 16> BootId();

}  // namespace prom
