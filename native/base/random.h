// Random bytes of the system.
#pragma once

#include <sys/random.h>

#include <cstdint>
#include <cstdio>
#include <string>

namespace prom {

// Fills `to`; false when the system has no random bytes.
inline bool FillRandom(void* to, size_t length) {
  return ::getrandom(to, length, 0) == static_cast<ssize_t>(length);
}

// Sixteen hex digits, for the name of a new file.
inline std::string RandomHex() {
  uint64_t bits = 0;
  FillRandom(&bits, sizeof bits);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}

}  // namespace prom
