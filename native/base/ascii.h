// Whether a text is ASCII, which needs no decoding.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace prom {

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

}  // namespace prom
