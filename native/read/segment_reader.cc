#include "read/segment_reader.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>

#include "base/utf8.h"
#include "format/publication.h"
#include "format/record.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::RecordHeader;
using layout::RecordState;
using layout::RecordType;

// A chunk of a segment. Of an archive, whose records are one extent, so much is in memory at once.
constexpr uint64_t kRecordBytesAtOnce = layout::kMaxChunk;

uint64_t NextVersion() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Adds an extent to those of its type. False when it is not the one that was known at this index: extents never change.
bool TakeExtent(const layout::Extent& extent, size_t index, std::vector<ReadExtent>& known) {
  if (index < known.size()) {
    return known[index].offset == extent.offset && known[index].length == extent.length;
  }
  uint64_t start = known.empty() ? 0 : known.back().start + known.back().length;
  known.push_back({extent.offset, extent.length, start});
  return true;
}

}  // namespace

void SegmentReader::Forget() {
  usable_ = false;
  version_ = NextVersion();
  parsed_end_ = 0;
  skipped_records_ = 0;
  misplaced_ = false;
  has_native_ = false;
  cells_.Forget();
  families_.clear();
  family_by_id_.clear();
  series_.clear();
  series_by_cells_.clear();
  by_cells_count_ = 0;
  members_.clear();
  scopes_.clear();
  scope_by_id_.clear();
  compacted_.clear();
}

SkipReason SegmentReader::Update(const ByteSource& source) {
  SegmentId id = header_.segment_id;
  uint64_t removals = header_.removals;
  SkipReason reason = ReadHeader(source);
  if (reason != SkipReason::kNone) {
    known_ = false;
    return reason;
  }
  AcquireFence();
  if (!known_ || id != header_.segment_id) {
    cells_.extents().clear();
    record_extents_.clear();
    Forget();
  } else if (removals != header_.removals || header_.records_end < parsed_end_) {
    Forget();  // states changed in records that are parsed already
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
  // In one copy a number may be newer than the bytes that it publishes. So the end comes first, then the number of extents, and
  // their table last.
  uint64_t records_end;
  if (!source.Read(&records_end, sizeof records_end, offsetof(Header, records_end))) {
    return SkipReason::kTruncated;
  }
  AcquireFence();
  if (!source.Read(&header, sizeof header, 0)) return SkipReason::kTruncated;
  header.records_end = records_end;
  if (header.extent_count != header_.extent_count || header.segment_id != header_.segment_id) {
    AcquireFence();
    if (!source.Read(header.extents, sizeof header.extents, offsetof(Header, extents))) {
      return SkipReason::kTruncated;
    }
  }
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

SkipReason SegmentReader::TakeExtents() {
  uint64_t total = 0;
  size_t cells = 0;
  size_t records = 0;
  size_t known_cells = cells_.extents().size();
  for (uint32_t i = 0; i < header_.extent_count; i++) {
    const layout::Extent& extent = header_.extents[i];
    bool sane = extent.offset >= layout::kHeaderSize && extent.offset % 8 == 0 && extent.length % 8 == 0 &&
                extent.offset <= layout::kMaxSegmentBytes && extent.length <= layout::kMaxSegmentBytes;
    if (!sane) return SkipReason::kCorrupt;
    total += extent.length;
    if (total > layout::kMaxSegmentBytes) return SkipReason::kCorrupt;
    bool same = true;
    if (extent.type == static_cast<uint32_t>(ExtentType::kCells)) {
      same = TakeExtent(extent, cells++, cells_.extents());
    } else if (extent.type == static_cast<uint32_t>(ExtentType::kRecords)) {
      same = TakeExtent(extent, records++, record_extents_);
    }
    if (!same) return SkipReason::kCorrupt;
  }
  usable_ = usable_ && cells == known_cells;  // new cells are to be read first
  bool complete = cells == cells_.extents().size() && records == record_extents_.size();
  return complete ? SkipReason::kNone : SkipReason::kCorrupt;
}

SkipReason SegmentReader::ParseNew(const ByteSource& source, uint64_t end) {
  for (const ReadExtent& extent : record_extents_) {
    uint64_t extent_end = extent.start + extent.length;
    uint64_t stop = std::min(end, extent_end);
    uint64_t at_once = kRecordBytesAtOnce;
    while (parsed_end_ < stop) {
      uint64_t from = parsed_end_ - extent.start;
      uint64_t length = std::min(at_once, stop - parsed_end_);
      bool is_last = length == stop - parsed_end_;
      usable_ = false;  // the cells that the new records name are to be read first
      if (!records_.Reserve(length)) return SkipReason::kUnreadable;
      if (!source.Read(records_.bytes(), length, extent.offset + from)) return SkipReason::kTruncated;
      Parsed parsed = ParseRecords(records_.bytes(), length, extent.offset + from);
      if (parsed.reason != SkipReason::kNone) return parsed.reason;
      at_once = std::max(kRecordBytesAtOnce, parsed.next);
      if (!is_last || parsed_end_ == stop) continue;
      // Only the end of an extent may have a rest that is too short for a record.
      if (parsed.next != 0 || stop != extent_end) return SkipReason::kCorrupt;
      parsed_end_ = stop;
    }
  }
  return parsed_end_ >= end ? SkipReason::kNone : SkipReason::kCorrupt;
}

SegmentReader::Parsed SegmentReader::ParseRecords(const uint8_t* data, uint64_t length, uint64_t offset) {
  uint64_t at = 0;
  while (length - at >= layout::kRecordHeaderSize) {
    RecordHeader head;
    std::memcpy(&head, data + at, sizeof head);
    record_offset_ = offset + at;
    if (head.length < layout::kRecordHeaderSize || head.length % layout::kRecordAlignment != 0 ||
        head.length > layout::kMaxPrivateRecord) {
      return {SkipReason::kCorrupt};
    }
    if (head.length > length - at) return {SkipReason::kNone, head.length};
    const uint8_t* body = data + at + layout::kRecordHeaderSize;
    at += head.length;
    if (head.crc != RecordCrc(head, body)) return {SkipReason::kCorrupt};
    parsed_end_ += head.length;
    if (ParseRecord(head, body)) continue;
    if (is_archive() || misplaced_) return {SkipReason::kCorrupt};
    if (head.state == static_cast<uint32_t>(RecordState::kLive)) skipped_records_++;
  }
  return {SkipReason::kNone};
}

bool SegmentReader::ParseRecord(const RecordHeader& head, const uint8_t* body) {
  std::span<const uint8_t> bytes(body, head.length - layout::kRecordHeaderSize);
  bool live = head.state == static_cast<uint32_t>(RecordState::kLive);
  auto type = static_cast<RecordType>(head.type);
  if (type == RecordType::kSeries) return Parse<SeriesRecord>(bytes, live);
  if (type == RecordType::kPage || type == RecordType::kNativePage) return Parse<PageRecord>(bytes, live);
  if (type == RecordType::kNative) return Parse<NativeRecord>(bytes, live);
  if (type == RecordType::kExemplar) return Parse<ExemplarRecord>(bytes, live);
  if (type == RecordType::kFamily) return Parse<FamilyRecord>(bytes, live);
  if (type == RecordType::kScope) return Parse<ScopeRecord>(bytes, live);
  if (type == RecordType::kMember) return Parse<MemberRecord>(bytes, live);
  if (type == RecordType::kCompacted) return Parse<CompactedRecord>(bytes, live);
  return true;  // SKIP, and types of a later minor version
}

template <typename Record>
bool SegmentReader::Parse(std::span<const uint8_t> body, bool live) {
  std::optional<Record> record = Decode<Record>(body);
  return record && Add(std::move(*record), live);
}

bool SegmentReader::Add(FamilyRecord record, bool live) {
  version_ = NextVersion();
  auto [known, added] = family_by_id_.try_emplace(record.id, static_cast<uint32_t>(families_.size()));
  if (added) {
    families_.push_back({std::move(record), live});
    return true;
  }
  // The series of the earlier definition are those of this one.
  ReadFamily& family = families_[known->second];
  bool same_series = record.type == family.record.type && record.CellCount() == family.record.CellCount() &&
                     record.bounds.size() == family.record.bounds.size() &&
                     record.age_buckets == family.record.age_buckets &&
                     record.label_names == family.record.label_names;
  if (same_series) family = {std::move(record), live};
  return same_series;
}

// A default label may have any name in JavaScript. It is left out where no escaping makes a name of it.
bool SegmentReader::Add(ScopeRecord record, bool) {
  version_ = NextVersion();
  std::erase_if(record.default_labels,
                [](const Label& label) { return label.name.empty() || !IsUtf8(label.name); });
  scope_by_id_[record.id] = static_cast<uint32_t>(scopes_.size());
  scopes_.push_back(std::move(record));
  return true;
}

bool SegmentReader::Add(MemberRecord record, bool live) {
  version_ = NextVersion();
  members_.push_back({record, live});
  return true;
}

bool SegmentReader::Add(CompactedRecord record, bool) {
  compacted_.insert(compacted_.end(), record.ids.begin(), record.ids.end());
  return true;
}

bool SegmentReader::Add(SeriesRecord record, bool live) {
  if (!live) return true;
  auto family = family_by_id_.find(record.family);
  if (family == family_by_id_.end()) return false;
  const FamilyRecord& definition = families_[family->second].record;
  if (record.cell_count != definition.CellCount() * (is_archive() ? 2 : 1)) return false;
  int64_t cell = cells_.Find(record.cells_offset, record.cell_count);
  if (cell < 0) return Misplaced();
  for (const SeriesLabel& label : record.labels) {
    if (label.name >= definition.label_names.size()) return false;
  }
  auto index = static_cast<uint32_t>(series_.size());
  bool histogram = definition.type == layout::MetricType::kHistogram;
  if (histogram || definition.type == layout::MetricType::kSummary) {
    cells_.AddCompound({index, static_cast<uint32_t>(cell), record.cell_count, histogram});
  }
  series_.push_back(
      {std::move(record), record_offset_, family->second, static_cast<uint32_t>(cell), {}, {}, {}});
  return true;
}

bool SegmentReader::Add(PageRecord record, bool live) {
  ReadSeries* series = live ? SeriesAt(record.series_offset) : nullptr;
  if (series == nullptr) return true;
  const FamilyRecord& definition = families_[series->family].record;
  bool fits = record.slot == layout::kNativeSlot
                  ? series->native.cell >= 0
                  : definition.type == layout::MetricType::kSummary && record.slot < definition.age_buckets;
  if (!fits) return false;
  int64_t cell = cells_.Find(record.cells_offset, layout::kPageCells);
  if (cell < 0) return Misplaced();
  cells_.AddPage();
  series->pages.push_back({record.number, record.generation, record.slot, record.schema, record.sign,
                           static_cast<uint32_t>(cell)});
  return true;
}

bool SegmentReader::Add(NativeRecord record, bool live) {
  ReadSeries* series = live ? SeriesAt(record.series_offset) : nullptr;
  if (series == nullptr) return true;
  bool histogram = families_[series->family].record.type == layout::MetricType::kHistogram;
  if (!histogram || series->native.cell >= 0) return false;
  int64_t cell = cells_.Find(record.cells_offset, layout::kNativeCells);
  if (cell < 0) return Misplaced();
  cells_.AddPage();
  has_native_ = true;
  series->native = {cell, record.zero_threshold};
  return true;
}

bool SegmentReader::Add(ExemplarRecord record, bool live) {
  ReadSeries* series = live ? SeriesAt(record.series_offset) : nullptr;
  if (series == nullptr) return true;
  if (record.bucket > families_[series->family].record.bounds.size()) return false;
  int64_t cell = cells_.Find(record.cells_offset, layout::kExemplarCells);
  if (cell < 0) return Misplaced();
  cells_.AddExemplar(static_cast<uint32_t>(cell));
  series->exemplars.push_back({record.bucket, static_cast<uint32_t>(cell)});
  return true;
}

ReadSeries* SegmentReader::SeriesAt(uint64_t cells_offset) {
  for (; by_cells_count_ < series_.size(); by_cells_count_++) {
    series_by_cells_[series_[by_cells_count_].record.cells_offset] = by_cells_count_;
  }
  auto series = series_by_cells_.find(cells_offset);
  return series == series_by_cells_.end() ? nullptr : &series_[series->second];
}

std::vector<Membership> SegmentReader::Memberships() const {
  std::vector<Membership> memberships;
  for (uint32_t i = 0; i < members_.size(); i++) {
    auto scope = scope_by_id_.find(members_[i].record.scope);
    auto family = family_by_id_.find(members_[i].record.family);
    bool found = members_[i].live && scope != scope_by_id_.end() && family != family_by_id_.end();
    if (found && families_[family->second].live) memberships.push_back({family->second, scope->second, i});
  }
  return memberships;
}

SkipReason SegmentReader::ReadValues(const ByteSource& source) {
  SkipReason reason = ReadSettledValues(source);
  usable_ = usable_ || reason == SkipReason::kNone;
  if (reason != SkipReason::kNone) known_ = false;
  return reason;
}

SkipReason SegmentReader::ReadSettledValues(const ByteSource& source) {
  SkipReason reason = cells_.Read(source, series_, !is_archive());
  if (reason != SkipReason::kNone) return reason;
  AcquireFence();
  uint64_t removals;
  if (!source.Read(&removals, sizeof removals, offsetof(Header, removals))) return SkipReason::kTruncated;
  if (removals == header_.removals) return SkipReason::kNone;
  // Cells may have gone to other series between the records and the cells. Of the records that were known then, those that
  // are still live kept their cells all the time. Newer ones wait for the next scrape.
  uint64_t known_end = parsed_end_;
  reason = ReadHeader(source);
  if (reason != SkipReason::kNone) return reason;
  AcquireFence();
  Forget();
  reason = ParseNew(source, known_end);
  if (reason != SkipReason::kNone) Forget();
  return reason;
}

}  // namespace prom
