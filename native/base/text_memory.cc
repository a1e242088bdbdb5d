#include "base/text_memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace prom {
namespace {

constexpr size_t kGranule = 256 * 1024;
// What is smaller comes from the heap.
constexpr size_t kSmall = 256 * 1024;
constexpr size_t kBlocksKept = 2;
constexpr size_t kBytesKept = 64 * 1024 * 1024;

struct Kept {
  std::mutex mutex;
  std::vector<TextMemory> blocks;
  size_t bytes = 0;
};

// Never destroyed: a finalizer of JavaScript may come after the destructors of static objects.
Kept& KeptBlocks() {
  static auto* kept = new Kept;
  return *kept;
}

// With all its pages, which takes half as long as faulting them in one by one. Not huge ones: where memory is in pieces the
// system puts it together first, and takes ten times as long.
TextMemory Map(size_t capacity) {
  capacity = (capacity + kGranule - 1) / kGranule * kGranule;
#ifdef MAP_POPULATE
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
#else
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
  void* mapped = ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  return {static_cast<char*>(mapped), capacity};
}

void Free(TextMemory memory) {
  if (memory.capacity < kSmall) {
    std::free(memory.data);
  } else {
    ::munmap(memory.data, memory.capacity);
  }
}

}  // namespace

TextMemory TakeTextMemory(size_t capacity) {
  if (capacity < kSmall) {
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
      kept.bytes -= memory.capacity;
      return memory;
    }
  }
  return Map(capacity);
}

void GiveBackTextMemory(TextMemory memory) {
  if (memory.data == nullptr) return;
  if (memory.capacity >= kSmall) {
    Kept& kept = KeptBlocks();
    std::lock_guard lock(kept.mutex);
    // The oldest may be too small for what is wanted now.
    while (!kept.blocks.empty() &&
           (kept.blocks.size() == kBlocksKept || kept.bytes + memory.capacity > kBytesKept)) {
      kept.bytes -= kept.blocks.front().capacity;
      Free(kept.blocks.front());
      kept.blocks.erase(kept.blocks.begin());
    }
    if (memory.capacity <= kBytesKept) {
      kept.blocks.push_back(memory);
      kept.bytes += memory.capacity;
      return;
    }
  }
  Free(memory);
}

}  // namespace prom
