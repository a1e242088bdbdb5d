#include "read/segment_reader.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "format/publication.h"
#include "format/segment_identity.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::RecordHeader;
using layout::RecordState;
using layout::RecordType;

// Of no two readers the same, so that a plan made of one never holds for another of the same segment.
uint64_t NextEpoch() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

void SegmentReader::Forget() {
  usable_ = false;
  epoch_ = NextEpoch();
  parsed_end_ = 0;
  has_exemplars_ = false;
  paged_ = false;
  compounds_.clear();
  families_.clear();
  family_by_id_.clear();
  series_.clear();
  series_by_cells_.clear();
  members_.clear();
  scopes_.clear();
  folded_.clear();
  named_cells_ = 0;
  for (CellExtent& extent : cell_extents_) extent.used = 0;
}

SkipReason SegmentReader::Update(const ByteSource& source) {
  uint8_t id[16];
  std::memcpy(id, header_.segment_id, sizeof id);
  uint64_t removals = header_.removals;
  SkipReason reason = ReadHeader(source);
  if (reason != SkipReason::kNone) {
    known_ = false;
    return reason;
  }
  AcquireFence();
  if (!known_ || std::memcmp(id, header_.segment_id, sizeof id) != 0) {
    cell_extents_.clear();
    record_extents_.clear();
    Forget();
  } else if (removals != header_.removals || header_.records_end < parsed_end_) {
    Forget();  // states changed in what is parsed already
  }
  known_ = true;
  reason = TakeExtents();
  if (reason == SkipReason::kNone) reason = ParseNew(source, header_.records_end);
  if (reason != SkipReason::kNone) {
    known_ = false;
    Forget();
  }
  return reason;
}

SkipReason SegmentReader::ReadHeader(const ByteSource& source) {
  alignas(64) Header header;
  if (!source.Read(&header, sizeof header, 0)) return SkipReason::kTruncated;
  if (std::memcmp(header.magic, layout::kMagic, sizeof header.magic) != 0) return SkipReason::kForeign;
  if (header.endian_mark != layout::kEndianMark || header.major != layout::kMajor ||
      header.incompat_bits != 0) {
    return SkipReason::kVersion;
  }
  if (header.header_crc != HeaderCrc(header) || header.header_size != layout::kHeaderSize ||
      (header.kind != static_cast<uint32_t>(layout::FileKind::kSegment) &&
       header.kind != static_cast<uint32_t>(layout::FileKind::kArchive)) ||
      header.extent_count > layout::kMaxExtents) {
    return SkipReason::kCorrupt;
  }
  header_ = header;
  return SkipReason::kNone;
}

// Extents never change, so only those beyond the known ones are new.
SkipReason SegmentReader::TakeExtents() {
  uint64_t total = 0;
  size_t cells = 0;
  size_t records = 0;
  for (uint32_t i = 0; i < header_.extent_count; i++) {
    const layout::Extent& extent = header_.extents[i];
    bool sane = extent.offset >= layout::kHeaderSize && extent.offset % 8 == 0 && extent.length % 8 == 0 &&
                extent.offset <= layout::kMaxSegmentBytes && extent.length <= layout::kMaxSegmentBytes;
    if (!sane) return SkipReason::kCorrupt;
    total += extent.length;
    if (total > layout::kMaxSegmentBytes) return SkipReason::kCorrupt;
    if (extent.type == static_cast<uint32_t>(ExtentType::kCells)) {
      if (cells == cell_extents_.size()) {
        uint64_t first =
            cells == 0 ? 0 : cell_extents_[cells - 1].first_cell + cell_extents_[cells - 1].length / 8;
        cell_extents_.push_back({extent.offset, extent.length, first, 0});
        usable_ = false;  // until its cells were read
      } else if (cell_extents_[cells].offset != extent.offset ||
                 cell_extents_[cells].length != extent.length) {
        return SkipReason::kCorrupt;
      }
      cells++;
    } else if (extent.type == static_cast<uint32_t>(ExtentType::kRecords)) {
      if (records == record_extents_.size()) {
        uint64_t start =
            records == 0 ? 0
                         : record_extents_[records - 1].stream_offset + record_extents_[records - 1].length;
        record_extents_.push_back({extent.offset, extent.length, start});
      } else if (record_extents_[records].offset != extent.offset ||
                 record_extents_[records].length != extent.length) {
        return SkipReason::kCorrupt;
      }
      records++;
    }
  }
  if (cells != cell_extents_.size() || records != record_extents_.size()) return SkipReason::kCorrupt;
  cell_count_ = cells == 0 ? 0 : cell_extents_.back().first_cell + cell_extents_.back().length / 8;
  return SkipReason::kNone;
}

SkipReason SegmentReader::ParseNew(const ByteSource& source, uint64_t end) {
  for (const RecordExtent& extent : record_extents_) {
    uint64_t extent_end = extent.stream_offset + extent.length;
    if (parsed_end_ >= extent_end) continue;
    if (parsed_end_ >= end) break;
    uint64_t from = parsed_end_ - extent.stream_offset;
    uint64_t to = std::min(end, extent_end) - extent.stream_offset;
    usable_ = false;  // until the cells were read that the new records name
    if (!records_.Reserve(to - from)) return SkipReason::kUnreadable;
    if (!source.Read(records_.bytes(), to - from, extent.offset + from)) return SkipReason::kTruncated;
    SkipReason reason = ParseExtent(records_.bytes(), to - from, extent.offset + from, to == extent.length);
    if (reason != SkipReason::kNone) return reason;
    parsed_end_ = extent.stream_offset + to;
  }
  return parsed_end_ >= end ? SkipReason::kNone : SkipReason::kCorrupt;
}

SkipReason SegmentReader::ParseExtent(const uint8_t* data, uint64_t length, uint64_t offset, bool to_end) {
  uint64_t at = 0;
  while (length - at >= layout::kRecordHeaderSize) {
    RecordHeader head;
    std::memcpy(&head, data + at, sizeof head);
    if (head.length < layout::kRecordHeaderSize || head.length % layout::kRecordAlignment != 0 ||
        head.length > length - at) {
      return SkipReason::kCorrupt;
    }
    const uint8_t* body = data + at + layout::kRecordHeaderSize;
    record_offset_ = offset + at;
    at += head.length;
    if (head.crc != RecordCrc(head, body) || !ParseRecord(head, body)) return SkipReason::kCorrupt;
  }
  // What is left at the end of an extent and too short for a record is nothing; anywhere else the stream ends with one.
  return at == length || to_end ? SkipReason::kNone : SkipReason::kCorrupt;
}

bool SegmentReader::ParseRecord(const RecordHeader& head, const uint8_t* body) {
  std::span<const uint8_t> bytes(body, head.length - layout::kRecordHeaderSize);
  bool live = head.state == static_cast<uint32_t>(RecordState::kLive);
  switch (static_cast<RecordType>(head.type)) {
    case RecordType::kFamily: {
      auto record = DecodeFamily(bytes);
      if (!record) return false;
      family_by_id_[record->id] = static_cast<uint32_t>(families_.size());
      families_.push_back({std::move(*record), live});
      return true;
    }
    case RecordType::kSeries: {
      auto record = DecodeSeries(bytes);
      return record && (!live || AddSeries(std::move(*record)));
    }
    case RecordType::kPage: {
      auto record = DecodePage(bytes);
      return record && (!live || AddPage(*record));
    }
    case RecordType::kExemplar: {
      auto record = DecodeExemplar(bytes);
      return record && (!live || AddExemplar(*record));
    }
    case RecordType::kScope: {
      auto record = DecodeScope(bytes);
      if (!record) return false;
      scopes_.push_back(std::move(*record));
      return true;
    }
    case RecordType::kMember: {
      auto record = DecodeMember(bytes);
      if (!record) return false;
      members_.push_back({*record, live});
      return true;
    }
    case RecordType::kCompacted: {
      auto record = DecodeCompacted(bytes);
      if (!record) return false;
      folded_.insert(folded_.end(), record->ids.begin(), record->ids.end());
      return true;
    }
    default:
      return true;  // SKIP, and kinds of a later minor version
  }
}

bool SegmentReader::AddSeries(SeriesRecord record) {
  auto family = family_by_id_.find(record.family);
  if (family == family_by_id_.end()) return false;
  const FamilyRecord& definition = families_[family->second].record;
  uint32_t cell;
  if (record.cell_count != definition.CellCount() * (is_archive() ? 2 : 1)) return false;
  if (!FindCells(record.cells_offset, record.cell_count, &cell)) return false;
  for (const SeriesLabel& label : record.labels) {
    if (label.name >= definition.label_names.size()) return false;
  }
  auto index = static_cast<uint32_t>(series_.size());
  series_by_cells_[record.cells_offset] = index;
  bool histogram = definition.type == layout::MetricType::kHistogram;
  if (histogram || definition.type == layout::MetricType::kSummary) {
    compounds_.push_back({index, cell, record.cell_count, histogram});
  }
  series_.push_back({std::move(record), record_offset_, family->second, cell, {}, {}});
  return true;
}

bool SegmentReader::AddPage(const PageRecord& record) {
  ReadSeries* series = SeriesAt(record.series_offset);
  if (series == nullptr) return true;
  const FamilyRecord& definition = families_[series->family].record;
  uint32_t cell;
  if (definition.type != layout::MetricType::kSummary || record.slot >= definition.age_buckets) return false;
  if (!FindCells(record.cells_offset, layout::kPageCells, &cell)) return false;
  paged_ = true;
  series->pages.push_back({record.number, record.generation, record.slot, record.schema, record.sign, cell});
  return true;
}

bool SegmentReader::AddExemplar(const ExemplarRecord& record) {
  ReadSeries* series = SeriesAt(record.series_offset);
  if (series == nullptr) return true;
  const FamilyRecord& definition = families_[series->family].record;
  uint32_t cell;
  if (record.bucket > definition.bounds.size()) return false;
  if (!FindCells(record.cells_offset, layout::kExemplarCells, &cell)) return false;
  has_exemplars_ = true;
  series->exemplars.push_back({record.bucket, cell});
  return true;
}

ReadSeries* SegmentReader::SeriesAt(uint64_t cells_offset) {
  auto series = series_by_cells_.find(cells_offset);
  return series == series_by_cells_.end() ? nullptr : &series_[series->second];
}

bool SegmentReader::FindCells(uint64_t offset, uint64_t count, uint32_t* cell) {
  // No honest owner gives a cell twice: without this a short record would be worth as many cells as the file has.
  named_cells_ += count;
  if (named_cells_ > cell_count_) return false;
  for (CellExtent& extent : cell_extents_) {
    if (offset < extent.offset || offset - extent.offset >= extent.length) continue;
    uint64_t at = offset - extent.offset;
    uint64_t bytes = count * sizeof(double);
    if (at % sizeof(double) != 0 || bytes > extent.length - at) return false;
    extent.used = std::max(extent.used, at + bytes);
    *cell = static_cast<uint32_t>(extent.first_cell + at / sizeof(double));
    return true;
  }
  return false;
}

}  // namespace prom
