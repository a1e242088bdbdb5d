// Bytes that grow at the end and can be given away without a copy.
#pragma once

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "number.h"

namespace prom {

class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(const TextBuffer&) = delete;
  TextBuffer& operator=(const TextBuffer&) = delete;
  TextBuffer(TextBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~TextBuffer() { std::free(data_); }

  size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }

  void Reserve(size_t capacity) {
    if (capacity <= capacity_) return;
    void* grown = std::realloc(data_, capacity);
    if (grown == nullptr) throw std::bad_alloc();
    data_ = static_cast<char*>(grown);
    capacity_ = capacity;
  }

  void Append(std::string_view text) {
    if (text.empty()) return;  // it may have no address at all
    Ensure(text.size());
    std::memcpy(data_ + size_, text.data(), text.size());
    size_ += text.size();
  }
  void Append(char c) {
    Ensure(1);
    data_[size_++] = c;
  }
  void AppendSample(double value) {
    Ensure(kMaxNumberLength);
    size_ = static_cast<size_t>(FormatSample(data_ + size_, value) - data_);
  }
  void AppendJsNumber(double value) {
    Ensure(kMaxNumberLength);
    size_ = static_cast<size_t>(FormatJsNumber(data_ + size_, value) - data_);
  }

  // The memory, to be freed with std::free.
  char* Release() {
    capacity_ = 0;
    size_ = 0;
    return std::exchange(data_, nullptr);
  }

 private:
  void Ensure(size_t more) {
    if (capacity_ - size_ < more) Reserve((size_ + more) * 2);
  }

  char* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace prom
