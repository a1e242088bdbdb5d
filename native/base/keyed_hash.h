// A hash of texts with a random key of this process, so that no caller can choose texts that collide: SipHash-1-3 (Aumasson
// and Bernstein, INDOCRYPT 2012).
#pragma once

#include <cstddef>
#include <string_view>

namespace prom {

struct KeyedHash {
  using is_transparent = void;  // maps of std::string find views without a copy
  size_t operator()(std::string_view text) const;
};

}  // namespace prom
