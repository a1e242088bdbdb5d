#include "base/keyed_hash.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "platform/random.h"

namespace prom {
namespace {

struct Key {
  uint64_t low;
  uint64_t high;
};

Key RandomKey() {
  Key key{};
  [[maybe_unused]] bool random = RandomBytes(&key, sizeof key);
  return key;
}

struct State {
  uint64_t a, b, c, d;

  void Round() {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32) + d;
    c += b;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
  void Add(uint64_t word) {
    d ^= word;
    Round();
    a ^= word;
  }
};

}  // namespace

size_t KeyedHash::operator()(std::string_view text) const {
  static const Key key = RandomKey();
  State state{key.low ^ 0x736f6d6570736575, key.high ^ 0x646f72616e646f6d, key.low ^ 0x6c7967656e657261,
              key.high ^ 0x7465646279746573};
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    state.Add(word);
  }
  uint64_t last = 0;
  std::memcpy(&last, text.data() + at, text.size() - at);
  state.Add(last | uint64_t{text.size()} << 56);
  state.c ^= 0xff;
  for (int round = 0; round < 3; round++) state.Round();
  return state.a ^ state.b ^ state.c ^ state.d;
}

}  // namespace prom
