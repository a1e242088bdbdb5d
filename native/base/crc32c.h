// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of headers and records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace prom {

// `before` is the checksum of the bytes before the data.
uint32_t Crc32c(const void* data, size_t length, uint32_t before = 0);

// The same without the instruction of the processor, ten times as slow.
uint32_t Crc32cByTables(const void* data, size_t length, uint32_t before = 0);

}  // namespace prom
