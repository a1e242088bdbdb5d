#pragma once

#include <cstddef>

namespace prom {

// Fills at most 256 bytes with numbers that other processes cannot guess. False, with errno, when the system has none.
bool RandomBytes(void* bytes, size_t length);

}  // namespace prom
