// The encoding of Protobuf: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/text_buffer.h"

namespace prom::protobuf {

inline constexpr uint32_t kMostField = 16;  // of those that are written here
inline constexpr size_t kMostTag = 2;
inline constexpr size_t kMostVarint = 10;

inline size_t VarintLength(uint64_t value) {
  return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7;
}

inline char* PutVarint(char* to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(value | 0x80);
  *to++ = static_cast<char>(value);
  return to;
}

inline char* PutTag(char* to, uint32_t field, uint32_t wire_type) {
  return PutVarint(to, field << 3 | wire_type);
}

inline char* PutDouble(char* to, uint32_t field, double value) {
  to = PutTag(to, field, 1);
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

inline char* PutText(char* to, uint32_t field, std::string_view text) {
  to = PutVarint(PutTag(to, field, 2), text.size());
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// The length of a text as one of the first 15 fields.
inline size_t LengthOf(std::string_view text) { return 1 + VarintLength(text.size()) + text.size(); }

inline uint64_t ZigZag(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

// Appends fields. The length of an inner message comes before it and is known when it ends: then its bytes move, unless there is
// the right room already.
class Writer {
 public:
  explicit Writer(TextBuffer& out) : out_(out) {}

  // Room for `most` bytes, see TextBuffer.
  char* Claim(size_t most) { return out_.Claim(most); }
  void Commit(const char* end) { out_.Commit(end); }

  void Unsigned(uint32_t field, uint64_t value) {
    Commit(PutVarint(PutTag(Claim(kMostTag + kMostVarint), field, 0), value));
  }
  void Signed(uint32_t field, int64_t value) { Unsigned(field, ZigZag(value)); }
  // An element of packed numbers, which have no tags.
  void Packed(int64_t value) { Commit(PutVarint(Claim(kMostVarint), ZigZag(value))); }
  void Double(uint32_t field, double value) {
    Commit(PutDouble(Claim(kMostTag + sizeof value), field, value));
  }
  void Text(uint32_t field, std::string_view text) {
    Commit(PutText(Claim(kMostTag + kMostVarint + text.size()), field, text));
  }
  // `fill` appends the fields of the inner message.
  template <typename Fill>
  void Inner(uint32_t field, Fill fill) {
    Commit(PutTag(Claim(kMostTag), field, 2));
    Delimited(field, fill);
  }
  // A message of the outermost level.
  template <typename Fill>
  void Outer(Fill fill) {
    Delimited(0, fill);
  }

 private:
  template <typename Fill>
  void Delimited(uint32_t field, Fill fill) {
    size_t room = rooms_[field];
    size_t start = out_.size();
    Commit(Claim(room) + room);
    fill();
    size_t length = out_.size() - start - room;
    size_t needed = VarintLength(length);
    char* to = Claim(needed) - length - room;
    if (needed != room) std::memmove(to + needed, to + room, length);
    PutVarint(to, length);
    Commit(to + needed + length);
    rooms_[field] = static_cast<uint8_t>(needed);
  }

  TextBuffer& out_;
  // By field: how many bytes the length of the last message took. That of the next one probably takes as many.
  std::array<uint8_t, kMostField + 1> rooms_{};
};

}  // namespace prom::protobuf
