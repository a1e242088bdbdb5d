// The half of Archive that makes the file's bytes.
#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "format/segment_identity.h"
#include "group/archive.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::MetricType;
using layout::RecordType;

// Ids of one record, far below the longest record.
constexpr size_t kIdsOfRecord = 4096;

void AppendBytes(Bytes& out, const void* data, size_t length) {
  const auto* p = static_cast<const uint8_t*>(data);
  out.insert(out.end(), p, p + length);
}

void AppendRecord(Bytes& out, RecordType type, Bytes body) {
  body.resize((body.size() + layout::kRecordAlignment - 1) / layout::kRecordAlignment *
              layout::kRecordAlignment);
  layout::RecordHeader head{static_cast<uint32_t>(layout::kRecordHeaderSize + body.size()),
                            static_cast<uint16_t>(type), 0, 0,
                            static_cast<uint32_t>(layout::RecordState::kLive)};
  head.crc = RecordCrc(head, body.data());
  AppendBytes(out, &head, sizeof head);
  AppendBytes(out, body.data(), body.size());
}

}  // namespace

Bytes Archive::Encode(const OwnerIdentity& self) {
  DropOldOwnerGauges();
  // Records name the places of cells, and cells come after the records: the first pass only counts.
  std::vector<double> cells;
  uint64_t records_length = EncodeRecords(cells, 0).size();
  cells.clear();
  uint64_t cells_offset = layout::kHeaderSize + records_length;
  Bytes records = EncodeRecords(cells, cells_offset);
  uint64_t cells_length = cells.size() * sizeof(double);

  Header header = header_;
  StampFormat(header, layout::FileKind::kArchive);
  if (header.archive_generation == 0) {
    SegmentId id = NewSegmentId(self.pid, self.tid);
    std::memcpy(header.segment_id, id.data(), id.size());
  }
  header.archive_generation++;
  std::memcpy(header.boot_id, self.boot_id, sizeof header.boot_id);
  header.compacted_count = static_cast<uint32_t>(folded_.size());
  header.state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  header.records_end = records.size();
  header.extent_count = 2;
  header.extents[0] = {layout::kHeaderSize, records_length, static_cast<uint32_t>(ExtentType::kRecords), 0,
                       0};
  header.extents[1] = {cells_offset, cells_length, static_cast<uint32_t>(ExtentType::kCells), 0, 0};

  Bytes file;
  file.reserve(sizeof header + records.size() + cells_length);
  AppendBytes(file, &header, sizeof header);
  AppendBytes(file, records.data(), records.size());
  AppendBytes(file, cells.data(), cells_length);
  constexpr size_t kFromHere = offsetof(Header, records_end);
  header.archive_crc = Crc32c(file.data() + kFromHere, file.size() - kFromHere);
  header.header_crc = HeaderCrc(header);
  std::memcpy(file.data(), &header, kFromHere);
  return file;
}

// The record stream; `cells` gets all cells, of which the first is at `cells_offset` in the file.
Bytes Archive::EncodeRecords(std::vector<double>& cells, uint64_t cells_offset) const {
  Bytes out;
  auto next_cell = [&] { return cells_offset + cells.size() * sizeof(double); };
  for (size_t first = 0; first < folded_.size(); first += kIdsOfRecord) {
    size_t last = std::min(folded_.size(), first + kIdsOfRecord);
    CompactedRecord record{
        {folded_.begin() + static_cast<ptrdiff_t>(first), folded_.begin() + static_cast<ptrdiff_t>(last)}};
    AppendRecord(out, RecordType::kCompacted, prom::Encode(record));
  }
  for (const ScopeRecord& scope : scopes_) AppendRecord(out, RecordType::kScope, prom::Encode(scope));
  for (const Family& family : families_) {
    if (family.series.empty()) continue;
    AppendRecord(out, RecordType::kFamily, prom::Encode(family.record));
    for (uint32_t scope : family.scopes) {
      AppendRecord(out, RecordType::kMember, prom::Encode(MemberRecord{scope, family.record.id}));
    }
    for (const Series& series : family.series) {
      SeriesRecord record = series.record;
      record.cells_offset = next_cell();
      record.cell_count = static_cast<uint32_t>(2 * series.cells.size());
      AppendRecord(out, RecordType::kSeries, prom::Encode(record));
      for (const DoubleDouble& cell : series.cells) cells.push_back(cell.hi);
      for (const DoubleDouble& cell : series.cells) cells.push_back(cell.lo);
      for (const Page& page : series.pages) {
        PageRecord page_record{record.cells_offset, next_cell(), 0,        page.number,
                               page.slot,           page.schema, page.sign};
        AppendRecord(out, RecordType::kPage, prom::Encode(page_record));
        cells.insert(cells.end(), page.cells.begin(), page.cells.end());
      }
      for (const auto& [bucket, exemplar] : series.exemplars) {
        AppendRecord(out, RecordType::kExemplar,
                     prom::Encode(ExemplarRecord{record.cells_offset, next_cell(), bucket}));
        cells.insert(cells.end(), exemplar.begin(), exemplar.end());
      }
    }
  }
  return out;
}

}  // namespace prom
