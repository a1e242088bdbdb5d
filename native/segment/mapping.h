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

  // A mapping and the part of a file that it shows.
  struct Shown {
    Mapping& mapping;
    int fd;
    uint64_t offset;
  };
  // Each of the two, which have the same length, shows the part of the other from now on. Returns 0, or the errno: then nothing has
  // changed.
  static int Exchange(const Shown& a, const Shown& b);

  // Releases the file and its memory, but not the range of addresses: its bytes become zeros.
  void Vacate();

  uint8_t* data() const { return data_; }
  uint64_t length() const { return length_; }

 private:
  Mapping(uint8_t* data, uint64_t length) : data_(data), length_(length) {}

  int Show(int fd, uint64_t offset);

  uint8_t* data_;
  uint64_t length_;
};

}  // namespace prom
