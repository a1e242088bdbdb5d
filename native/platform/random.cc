#include "platform/random.h"

#include <unistd.h>

#include <cstdlib>

namespace prom {

#ifdef __linux__
bool RandomBytes(void* bytes, size_t length) { return ::getentropy(bytes, length) == 0; }
#else
bool RandomBytes(void* bytes, size_t length) {
  ::arc4random_buf(bytes, length);
  return true;
}
#endif

}  // namespace prom
