// Bytes that grow at the end, and whether all of them are ASCII.
#pragma once

#include <cstring>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/number.h"
#include "base/text_memory.h"

namespace prom {

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
