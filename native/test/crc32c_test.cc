#include "base/crc32c.h"

#include <doctest/doctest.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace prom {
namespace {

// By the definition, one bit at a time.
uint32_t Reference(const uint8_t* data, size_t length) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
  }
  return ~crc;
}

TEST_CASE("the checksums are those of RFC 3720 appendix B.4") {
  std::vector<uint8_t> bytes(32, 0);
  CHECK(Crc32c(bytes.data(), 32) == 0x8a9136aau);
  bytes.assign(32, 0xff);
  CHECK(Crc32c(bytes.data(), 32) == 0x62a8ab43u);
  std::iota(bytes.begin(), bytes.end(), uint8_t{0});
  CHECK(Crc32c(bytes.data(), 32) == 0x46dd794eu);
  std::iota(bytes.rbegin(), bytes.rend(), uint8_t{0});
  CHECK(Crc32c(bytes.data(), 32) == 0x113fdb5cu);
  const uint8_t command[48] = {0x01, 0xc0, 0, 0, 0, 0, 0,    0, 0,    0, 0, 0,    0, 0, 0, 0,
                               0x14, 0,    0, 0, 0, 0, 0x04, 0, 0,    0, 0, 0x14, 0, 0, 0, 0x18,
                               0x28, 0,    0, 0, 0, 0, 0,    0, 0x02, 0, 0, 0,    0, 0, 0, 0};
  CHECK(Crc32c(command, sizeof command) == 0xd9963a56u);
  CHECK(Crc32c("123456789", 9) == 0xe3069283u);
}

TEST_CASE("the checksum of no bytes is zero") { CHECK(Crc32c(nullptr, 0) == 0); }

TEST_CASE("data of any length and alignment has the checksum of the definition") {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(256);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  for (size_t start = 0; start < 8; start++) {
    for (size_t length = 0; length <= 200; length++) {
      uint32_t reference = Reference(bytes.data() + start, length);
      bool same = Crc32c(bytes.data() + start, length) == reference &&
                  Crc32cByTables(bytes.data() + start, length) == reference;
      if (!same) CHECK_MESSAGE(false, start << ' ' << length);
    }
  }
}

TEST_CASE("a checksum can be computed part by part") {
  const std::string text = "123456789";
  for (size_t length = 0; length <= text.size(); length++) {
    uint32_t before = Crc32c(text.data(), length);
    CHECK(Crc32c(text.data() + length, text.size() - length, before) == 0xe3069283u);
    CHECK(Crc32cByTables(text.data() + length, text.size() - length, before) == 0xe3069283u);
  }
}

TEST_CASE("every flipped bit changes the checksum") {
  std::string text = "a record's body, with its padding";
  uint32_t whole = Crc32c(text.data(), text.size());
  for (size_t bit = 0; bit < text.size() * 8; bit++) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    CHECK(Crc32c(text.data(), text.size()) != whole);
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  }
}

}  // namespace
}  // namespace prom
