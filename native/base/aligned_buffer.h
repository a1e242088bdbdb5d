// Aligned memory for pread: a copy of the kernel to a misaligned destination tears doubles.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace prom {

class AlignedBuffer {
 public:
  // At least `bytes` of uninitialised memory, aligned to 64; the old content is lost. False when out of memory.
  bool Reserve(uint64_t bytes) {
    if (bytes <= capacity_) return true;
    uint64_t rounded = (bytes + 4095) / 4096 * 4096;
    data_.reset(std::aligned_alloc(64, rounded));
    capacity_ = data_ ? rounded : 0;
    return data_ != nullptr;
  }
  double* doubles() { return static_cast<double*>(data_.get()); }
  const double* doubles() const { return static_cast<const double*>(data_.get()); }
  uint8_t* bytes() { return static_cast<uint8_t*>(data_.get()); }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<void, Free> data_;
  uint64_t capacity_ = 0;
};

}  // namespace prom
