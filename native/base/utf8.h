#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/text_buffer.h"

namespace prom {

// Whether a text is UTF-8: without surrogates, without longer forms than needed, up to U+10FFFF.
inline bool IsUtf8(std::string_view text) {
  if (IsAscii(text)) return true;
  for (size_t at = 0; at < text.size();) {
    auto first = static_cast<uint8_t>(text[at++]);
    if (first < 0x80) continue;
    size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || text.size() - at < more) return false;
    uint32_t code = first & (0x3fu >> more);
    for (size_t i = 0; i < more; i++) {
      auto next = static_cast<uint8_t>(text[at++]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    if (is_surrogate || code > 0x10ffff || (more == 2 && code < 0x800) || (more == 3 && code < 0x10000)) {
      return false;
    }
  }
  return true;
}

}  // namespace prom
