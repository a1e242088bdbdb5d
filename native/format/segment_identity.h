// What bytes 0..255 of a segment, or of an archive, say of the file itself: of which format it is, and which one.
#pragma once

#include "format/layout.h"
#include "format/record.h"

namespace prom {

// Says that the file is of this format, and of which kind.
void StampFormat(layout::Header& header, layout::FileKind kind);

// An id that no other file has: random, or, where there are no random numbers, of the time and the thread that asks.
SegmentId NewSegmentId(uint32_t pid, uint32_t tid);

// The checksum that a header has, if it is whole.
uint32_t HeaderCrc(const layout::Header& header);

}  // namespace prom
