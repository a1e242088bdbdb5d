// A hash of texts with a random key of this process, so that no caller can choose texts that collide: SipHash-1-3 (Aumasson
// and Bernstein, INDOCRYPT 2012).
#pragma once

#include <cstddef>
#include <string_view>

namespace prom {

struct KeyedHash {
  size_t operator()(std::string_view text) const;
};

}  // namespace prom
