// Byte sources in memory, some of which change while they are read.
#pragma once

#include <cstring>
#include <functional>
#include <utility>

#include "base/byte_source.h"
#include "format/record.h"

namespace prom::test {

// Bytes in memory.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes content) : bytes(std::move(content)) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    if (offset > bytes.size() || length > bytes.size() - offset) return false;
    if (length > 0) std::memcpy(to, bytes.data() + offset, length);
    return true;
  }

  Bytes bytes;
};

// Another source, with a call before each read, for changes by the owner or by chance.
class WatchedSource : public ByteSource {
 public:
  using Hook = std::function<void(uint64_t length, uint64_t offset)>;
  WatchedSource(const ByteSource& source, Hook before_read)
      : source_(source), before_read_(std::move(before_read)) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    before_read_(length, offset);
    return source_.Read(to, length, offset);
  }

 private:
  const ByteSource& source_;
  Hook before_read_;
};

}  // namespace prom::test
