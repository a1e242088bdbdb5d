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

// The pages of an extent, which become present in steps: all at once would stop the event loop for milliseconds.
class Pages {
 public:
  // Nothing is to be done.
  Pages() = default;
  // None of these is present. `data` is the begin of a mapping.
  Pages(void* data, uint64_t length) : data_(static_cast<uint8_t*>(data)), length_(length) {}

  bool all_are_present() const { return present_ == length_; }
  // Makes the pages of the first `end` bytes present, and some more.
  void Populate(uint64_t end);
  void PopulateMore() { Populate(present_ + 1); }

 private:
  uint8_t* data_ = nullptr;
  uint64_t length_ = 0;
  uint64_t present_ = 0;  // bytes
};

}  // namespace prom
