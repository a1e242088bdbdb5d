// The bytes of an exposition, which grow at the end.
//
// A scrape needs megabytes, which are slow to get from the system because it zeroes each page. The two blocks that were given
// back last are kept for the next scrapes of this process, up to 32 MiB each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/number.h"

namespace prom {

struct TextMemory {
  char* data = nullptr;
  size_t capacity = 0;
};

// At least `capacity` bytes, uninitialised. Throws std::bad_alloc. Both functions may be called from any thread.
TextMemory TakeTextMemory(size_t capacity);
void GiveBackTextMemory(TextMemory memory);

// Whether a text needs no decoding.
inline bool IsAscii(char c) { return static_cast<signed char>(c) >= 0; }

inline bool IsAscii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  uint64_t all = 0;
  size_t at = 0;
  for (; text.size() - at >= sizeof all; at += sizeof all) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    all |= word;
  }
  auto rest = text.substr(at);
  return (all & kHighBits) == 0 && std::all_of(rest.begin(), rest.end(), [](char c) { return IsAscii(c); });
}

class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;
  TextBuffer(TextBuffer&& other) noexcept
      : memory_(std::exchange(other.memory_, {})),
        size_(std::exchange(other.size_, 0)),
        is_ascii_(std::exchange(other.is_ascii_, true)) {}
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(is_ascii_, other.is_ascii_);
    return *this;
  }
  ~TextBuffer() { GiveBackTextMemory(memory_); }

  size_t size() const { return size_; }
  std::string_view view() const { return {memory_.data, size_}; }
  bool is_ascii() const { return is_ascii_; }

  void Reserve(size_t capacity) {
    if (capacity <= memory_.capacity) return;
    TextMemory grown = TakeTextMemory(capacity);
    if (size_ > 0) std::memcpy(grown.data, memory_.data, size_);
    GiveBackTextMemory(std::exchange(memory_, grown));
  }

  // Room for `most` bytes at the end. Commit() makes the bytes before `end` a part of the text.
  char* Claim(size_t most) {
    if (memory_.capacity - size_ < most) Reserve((size_ + most) * 2);
    return memory_.data + size_;
  }
  void Commit(const char* end, bool is_ascii = true) {
    size_ = static_cast<size_t>(end - memory_.data);
    is_ascii_ &= is_ascii;
  }

  void Append(std::string_view text) {
    if (text.empty()) return;  // its address may be null
    char* to = Claim(text.size());
    std::memcpy(to, text.data(), text.size());
    Commit(to + text.size(), IsAscii(text));
  }
  void Append(char c) {
    char* to = Claim(1);
    *to = c;
    Commit(to + 1, IsAscii(c));
  }
  void AppendSample(double value) { Commit(FormatSample(Claim(kMaxNumberLength), value)); }
  void AppendJsNumber(double value) { Commit(FormatJsNumber(Claim(kMaxNumberLength), value)); }

 private:
  TextMemory memory_;
  size_t size_ = 0;
  bool is_ascii_ = true;
};

}  // namespace prom
