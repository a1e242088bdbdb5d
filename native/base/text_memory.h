// Memory for expositions: megabytes for each scrape, which are slow to get from the system because it zeroes each page.
//
// The two blocks that were given back last are kept for the next scrapes of this process, up to 32 MiB each.
#pragma once

#include <cstddef>

namespace prom {

struct TextMemory {
  char* data = nullptr;
  size_t capacity = 0;
};

// At least `capacity` bytes, uninitialised. Throws std::bad_alloc. Both functions may be called from any thread.
TextMemory TakeTextMemory(size_t capacity);
void GiveBackTextMemory(TextMemory memory);

}  // namespace prom
