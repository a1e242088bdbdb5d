// Memory of a segment: a range of its file, mapped once and never moved, or anonymous memory.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace prom {

class Mapping {
 public:
  // Reserves the blocks of [offset, offset + length) of the file, then maps them: so no later access finds the disk full,
  // which would be a SIGBUS. Both numbers are multiples of 64 KiB.
  static Result<std::shared_ptr<Mapping>> OfFile(int fd, uint64_t offset, uint64_t length,
                                                 const std::string& path);
  static Result<std::shared_ptr<Mapping>> Anonymous(uint64_t length);

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Releases the file and its memory, but not the range of addresses: its bytes become zeros.
  void Vacate();

  uint8_t* data() const { return data_; }
  uint64_t length() const { return length_; }

 private:
  Mapping(uint8_t* data, uint64_t length) : data_(data), length_(length) {}

  uint8_t* data_;
  uint64_t length_;
};

}  // namespace prom
