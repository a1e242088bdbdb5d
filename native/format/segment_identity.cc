#include "format/segment_identity.h"

#include <cstring>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/random.h"

namespace prom {

void StampFormat(layout::Header& header, layout::FileKind kind) {
  std::memcpy(header.magic, layout::kMagic, sizeof header.magic);
  header.endian_mark = layout::kEndianMark;
  header.major = layout::kMajor;
  header.minor = layout::kMinor;
  header.header_size = layout::kHeaderSize;
  header.granule = layout::kGranule;
  header.kind = static_cast<uint32_t>(kind);
}

SegmentId NewSegmentId(uint32_t pid, uint32_t tid) {
  SegmentId id;
  if (!FillRandom(id.data(), id.size())) {
    const uint64_t now[2] = {RealtimeNs(), BoottimeNs() ^ (uint64_t{pid} << 32 | tid)};
    std::memcpy(id.data(), now, sizeof now);
  }
  return id;
}

uint32_t HeaderCrc(const layout::Header& header) {
  return Crc32c(&header, offsetof(layout::Header, header_crc));
}

}  // namespace prom
