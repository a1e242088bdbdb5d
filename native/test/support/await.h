// Waits for another thread or the system.
#pragma once

#include <chrono>
#include <thread>

namespace prom::test {

// Whether the condition becomes true within a minute.
template <typename Condition>
bool Await(Condition condition) {
  auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace prom::test
