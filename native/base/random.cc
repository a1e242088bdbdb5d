#include "base/random.h"

#include <sys/random.h>

#include <cstdint>
#include <cstdio>

namespace prom {

bool FillRandom(void* to, size_t length) {
  return ::getrandom(to, length, 0) == static_cast<ssize_t>(length);
}

std::string RandomHex() {
  uint64_t bits = 0;
  FillRandom(&bits, sizeof bits);
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(bits));
  return text;
}

}  // namespace prom
