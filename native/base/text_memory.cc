#include "base/text_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace prom {
namespace {

// Smaller blocks come from the heap; larger ones are multiples of it.
constexpr size_t kLeastMapped = 256 * 1024;
constexpr size_t kMostKept = 32 * 1024 * 1024;
constexpr size_t kBlocksKept = 2;

struct Kept {
  std::mutex mutex;
  std::vector<TextMemory> blocks;  // the oldest first
};

// Never destroyed: finalizers of JavaScript may run after the destructors of static objects.
Kept& KeptBlocks() {
  static auto* kept = new Kept;
  return *kept;
}

// MAP_POPULATE takes half the time of a fault for each page. Huge pages can take ten times as long, when the system has to
// compact its memory first.
TextMemory Map(size_t capacity) {
  capacity = (capacity + kLeastMapped - 1) / kLeastMapped * kLeastMapped;
#ifdef MAP_POPULATE
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
#else
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
  void* mapped = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<char*>(mapped), capacity};
}

}  // namespace

TextMemory TakeTextMemory(size_t capacity) {
  if (capacity < kLeastMapped) {
    void* data = std::malloc(capacity);
    if (data == nullptr) throw std::bad_alloc();
    return {static_cast<char*>(data), capacity};
  }
  Kept& kept = KeptBlocks();
  {
    std::lock_guard lock(kept.mutex);
    auto found = std::find_if(kept.blocks.begin(), kept.blocks.end(),
                              [capacity](TextMemory block) { return block.capacity >= capacity; });
    if (found != kept.blocks.end()) {
      TextMemory memory = *found;
      kept.blocks.erase(found);
      return memory;
    }
  }
  return Map(capacity);
}

void GiveBackTextMemory(TextMemory memory) {
  if (memory.capacity < kLeastMapped) {
    std::free(memory.data);
    return;
  }
  if (memory.capacity <= kMostKept) {
    Kept& kept = KeptBlocks();
    std::lock_guard lock(kept.mutex);
    kept.blocks.push_back(memory);
    if (kept.blocks.size() <= kBlocksKept) return;
    memory = kept.blocks.front();  // it may be too small for the texts of today
    kept.blocks.erase(kept.blocks.begin());
  }
  ::munmap(memory.data, memory.capacity);
}

}  // namespace prom
