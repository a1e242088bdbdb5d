#include "platform/thread.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace prom {

std::thread StartThread(std::function<void()> run) {
  sigset_t all, before;
  sigfillset(&all);  // a macro on Darwin
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread thread(std::move(run));
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  } catch (...) {
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
}

}  // namespace prom
