// Destroys things in a thread of its own: to unmap and to delete a file of 100 MB takes the system 30 ms.
#pragma once

#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "platform/thread.h"

namespace prom {

class Disposal {
 public:
  Disposal() = default;
  Disposal(const Disposal&) = delete;
  Disposal& operator=(const Disposal&) = delete;
  ~Disposal() { Wait(); }

  // Waits for the thing before, which is gone long since. Without another thread, destroys `thing` at once.
  template <typename Thing>
  void Dispose(Thing thing) {
    Wait();
    auto shared = std::make_shared<Thing>(std::move(thing));
    try {
      thread_ = StartThread([shared = std::move(shared)]() mutable { shared.reset(); });
    } catch (const std::system_error&) {
      // There is no thread to be had: the closure is gone, and the thing with it.
    }
  }

 private:
  void Wait() {
    if (thread_.joinable()) thread_.join();
  }

  std::thread thread_;
};

}  // namespace prom
