// Threads beside those of the application.
#pragma once

#include <functional>
#include <thread>

namespace prom {

// A thread that takes no signals: these are for the threads of the application. Throws std::system_error if there is none to be had.
std::thread StartThread(std::function<void()> run);

}  // namespace prom
