// The identity of a segment or an archive in its header: format and id.
#pragma once

#include "format/layout.h"
#include "format/record.h"

namespace prom {

// Fills in the fields of the format, and the kind of the file.
void StampFormat(layout::Header& header, layout::FileKind kind);

// A unique id: random, or made of the time and the thread when the system has no random bytes.
SegmentId NewSegmentId(uint32_t pid, uint32_t tid);

// The value of header_crc for this header.
uint32_t HeaderCrc(const layout::Header& header);

}  // namespace prom
