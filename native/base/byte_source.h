// The bytes of a segment for a reader: a file, or the memory of a writer in this process.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace prom {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Copies `length` bytes at `offset` to `to`; false when some are missing. No double is torn when `to` and `offset` are
  // aligned to 8.
  virtual bool Read(void* to, uint64_t length, uint64_t offset) const = 0;
};

// Reads with pread: of a truncated file that is a short read. Through a mapping it would be a SIGBUS.
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
