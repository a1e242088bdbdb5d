// Random bytes of the system.
#pragma once

#include <cstddef>
#include <string>

namespace prom {

// Fills `to`; false when the system has no random bytes to give.
bool FillRandom(void* to, size_t length);

// Sixteen random hex digits, for the name of a new file.
std::string RandomHex();

}  // namespace prom
