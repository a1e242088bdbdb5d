// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of headers and records.
#pragma once

#include <cstddef>
#include <cstdint>

namespace prom {

uint32_t Crc32c(const void* data, size_t length);

}  // namespace prom
