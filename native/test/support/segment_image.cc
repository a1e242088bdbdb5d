#include "segment_image.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/crc32c.h"

namespace prom::test {

void RepairHeaderCrc(Bytes& bytes) {
  HeaderOf(bytes).header_crc = Crc32c(bytes.data(), offsetof(layout::Header, header_crc));
}

SegmentImage::SegmentImage(uint32_t cells, uint64_t records_room)
    : bytes_(layout::kHeaderSize + cells * sizeof(double)) {
  layout::Header& head = header();
  std::memcpy(head.magic, layout::kMagic, sizeof head.magic);
  head.endian_mark = layout::kEndianMark;
  head.major = layout::kMajor;
  head.header_size = layout::kHeaderSize;
  head.granule = layout::kGranule;
  head.segment_id[0] = 1;
  head.kind = static_cast<uint32_t>(layout::FileKind::kSegment);
  head.pid = 1000;
  head.tid = 1000;
  head.state = static_cast<uint32_t>(layout::OwnerState::kActive);
  head.extent_count = 2;
  head.extents[0] = {layout::kHeaderSize, cells * sizeof(double),
                     static_cast<uint32_t>(layout::ExtentType::kCells), 0, 0};
  head.extents[1] = {bytes_.size(), records_room, static_cast<uint32_t>(layout::ExtentType::kRecords), 0, 0};
  RepairHeaderCrc(bytes_);
}

uint64_t SegmentImage::Cells(uint32_t count) {
  return layout::kHeaderSize + std::exchange(cells_used_, cells_used_ + count) * 8;
}

uint64_t SegmentImage::Add(layout::RecordType type, Bytes body) {
  body.resize((body.size() + 7) / 8 * 8);
  layout::RecordHeader head{static_cast<uint32_t>(layout::kRecordHeaderSize + body.size()),
                            static_cast<uint16_t>(type), 0, 0,
                            static_cast<uint32_t>(layout::RecordState::kLive)};
  head.crc = RecordCrc(head, body.data());
  uint64_t offset = bytes_.size();
  const auto* p = reinterpret_cast<const uint8_t*>(&head);
  bytes_.insert(bytes_.end(), p, p + sizeof head);
  bytes_.insert(bytes_.end(), body.begin(), body.end());
  header().records_end += head.length;
  header().extents[1].length = std::max(header().extents[1].length, header().records_end);
  return offset;
}

uint64_t SegmentImage::Scope(uint32_t id, std::string name, std::vector<Label> defaults) {
  return Add(layout::RecordType::kScope, Encode(ScopeRecord{id, 0, std::move(name), std::move(defaults)}));
}

uint64_t SegmentImage::Family(uint32_t id, FamilyRecord record, uint32_t scope) {
  record.id = id;
  uint64_t offset = Add(layout::RecordType::kFamily, Encode(record));
  Add(layout::RecordType::kMember, Encode(MemberRecord{scope, id}));
  return offset;
}

uint64_t SegmentImage::Series(uint32_t family, uint32_t cell_count, uint64_t cells_offset,
                              std::vector<SeriesLabel> labels) {
  return Add(layout::RecordType::kSeries,
             Encode(SeriesRecord{family, cell_count, cells_offset, 0, std::move(labels)}));
}

}  // namespace prom::test
