// Texts that are chosen to collide.
#include "base/keyed_hash.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace prom {
namespace {

constexpr uint64_t kMultiplier = 0xc6a4a7935bd1e995;
constexpr uint64_t kSeed = 0xc70f6907;

// Of an odd number, modulo 2^64.
uint64_t Inverse(uint64_t number) {
  uint64_t inverse = number;
  for (int i = 0; i < 6; i++) inverse *= 2 - number * inverse;
  return inverse;
}

// The word that MurmurHash64A, the hash of the standard library, makes `mixed` of.
uint64_t WordOf(uint64_t mixed) {
  uint64_t word = mixed * Inverse(kMultiplier);
  return (word ^ (word >> 47)) * Inverse(kMultiplier);
}

std::vector<std::string> CollidingTexts(size_t count) {
  std::vector<std::string> texts;
  uint64_t start = kSeed ^ (16 * kMultiplier);
  for (uint64_t i = 0; i < count; i++) {
    uint64_t state = (start ^ i) * kMultiplier;
    uint64_t words[] = {WordOf(i), WordOf(state)};  // the second word cancels the first
    texts.emplace_back(reinterpret_cast<const char*>(words), sizeof words);
  }
  return texts;
}

TEST_CASE("texts that collide in the hash of the standard library do not collide") {
  std::vector<std::string> texts = CollidingTexts(40'000);
#ifdef __GLIBCXX__
  for (const std::string& text : texts)
    REQUIRE(std::hash<std::string>()(text) == std::hash<std::string>()(texts[0]));
#endif
  std::unordered_map<std::string, uint32_t, KeyedHash> map;
  for (const std::string& text : texts) map.emplace(text, 0);
  CHECK(map.size() == texts.size());
  size_t largest = 0;
  for (size_t i = 0; i < map.bucket_count(); i++) largest = std::max(largest, map.bucket_size(i));
  CHECK(largest < 20);
}

TEST_CASE("texts of all lengths that differ in one bit have different hashes") {
  KeyedHash hash;
  for (size_t length = 1; length <= 40; length++) {
    std::string text(length, 'a');
    for (size_t bit = 0; bit < 8 * length; bit++) {
      std::string other = text;
      other[bit / 8] ^= static_cast<char>(1 << (bit % 8));
      CHECK(hash(other) != hash(text));
    }
    CHECK(hash(text + '\0') != hash(text));
  }
}

}  // namespace
}  // namespace prom
