// Where a reader gets the bytes of a segment from: a file, or memory that a writer of this process could not share.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace prom {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Copies `length` bytes at `offset` to `to`; false when they are not all there. Doubles arrive whole when `to` and
  // `offset` are aligned to 8.
  virtual bool Read(void* to, uint64_t length, uint64_t offset) const = 0;
};

// Reads with pread, never through a mapping: a file that somebody truncates is a short read here and a SIGBUS there.
class FileSource : public ByteSource {
 public:
  explicit FileSource(int fd) : fd_(fd) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    auto* p = static_cast<char*>(to);
    while (length > 0) {
      ssize_t n = ::pread(fd_, p, length, static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      p += n;
      offset += static_cast<uint64_t>(n);
      length -= static_cast<uint64_t>(n);
    }
    return true;
  }

 private:
  int fd_;
};

}  // namespace prom
