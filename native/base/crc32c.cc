#include "base/crc32c.h"

#ifdef __x86_64__
#include <cpuid.h>
#include <nmmintrin.h>
#endif

#include <array>
#include <cstring>

namespace prom {
namespace {

// Four tables: table[k][b] is the checksum of byte b followed by k zero bytes.
constexpr std::array<std::array<uint32_t, 256>, 4> MakeTables() {
  std::array<std::array<uint32_t, 256>, 4> tables{};
  for (uint32_t b = 0; b < 256; b++) {
    uint32_t crc = b;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0);
    tables[0][b] = crc;
  }
  for (uint32_t b = 0; b < 256; b++) {
    for (size_t k = 1; k < 4; k++) {
      uint32_t before = tables[k - 1][b];
      tables[k][b] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr auto kTables = MakeTables();

using Function = uint32_t (*)(const void*, size_t, uint32_t);

#ifdef __x86_64__
__attribute__((target("sse4.2,crc32"))) uint32_t ByInstruction(const void* data, size_t length,
                                                               uint32_t before) {
  const auto* p = static_cast<const uint8_t*>(data);
  uint64_t crc = ~before;
  for (; length >= 8; length -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto rest = static_cast<uint32_t>(crc);
  for (; length > 0; length--, p++) rest = _mm_crc32_u8(rest, *p);
  return ~rest;
}

// By the instruction itself: __builtin_cpu_supports() needs a runtime library that not every compiler brings.
bool HasInstruction() {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}

Function Fastest() { return HasInstruction() ? ByInstruction : Crc32cByTables; }
#else
Function Fastest() { return Crc32cByTables; }
#endif

}  // namespace

uint32_t Crc32c(const void* data, size_t length, uint32_t before) {
  static const Function fastest = Fastest();
  return fastest(data, length, before);
}

uint32_t Crc32cByTables(const void* data, size_t length, uint32_t before) {
  const auto* p = static_cast<const uint8_t*>(data);
  uint32_t crc = ~before;
  for (; length >= 4; length -= 4, p += 4) {
    crc ^= static_cast<uint32_t>(p[0]) | static_cast<uint32_t>(p[1]) << 8 |
           static_cast<uint32_t>(p[2]) << 16 | static_cast<uint32_t>(p[3]) << 24;
    crc = kTables[3][crc & 0xff] ^ kTables[2][(crc >> 8) & 0xff] ^ kTables[1][(crc >> 16) & 0xff] ^
          kTables[0][crc >> 24];
  }
  for (; length > 0; length--, p++) crc = (crc >> 8) ^ kTables[0][(crc ^ *p) & 0xff];
  return ~crc;
}

}  // namespace prom
