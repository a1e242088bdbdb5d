// Memory for expositions: megabytes that are wanted at each scrape, and dear to get from the system, which must fault in
// and zero each page.
//
// What is given back is kept for the next scrape of this process: at most two blocks, of 64 MiB together. JavaScript gives
// back when it likes, so that a spare one can be made in time.
#pragma once

#include <cstddef>

namespace prom {

struct TextMemory {
  char* data = nullptr;
  size_t capacity = 0;
};

// At least `capacity` bytes, uninitialised. Throws std::bad_alloc. From any thread, as the next.
TextMemory TakeTextMemory(size_t capacity);
void GiveBackTextMemory(TextMemory memory);

}  // namespace prom
