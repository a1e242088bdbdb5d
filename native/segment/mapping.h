// Memory of a segment: a range of its file, mapped once and never moved, or anonymous memory where no file can be had.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace prom {

class Mapping {
 public:
  // Reserves the blocks of [offset, offset + length) of the file, then maps them. Touching the mapping later can then
  // not fail for want of space, which would be a SIGBUS. Both numbers are multiples of 64 KiB.
  static Result<std::shared_ptr<Mapping>> OfFile(int fd, uint64_t offset, uint64_t length,
                                                 const std::string& path);
  static Result<std::shared_ptr<Mapping>> Anonymous(uint64_t length);

  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // Lets go of the file and its memory, but not of the range: whoever still looks there reads zeros.
  void Vacate();

  uint8_t* data() const { return data_; }
  uint64_t length() const { return length_; }

 private:
  Mapping(uint8_t* data, uint64_t length) : data_(data), length_(length) {}

  uint8_t* data_;
  uint64_t length_;
};

}  // namespace prom
