// The half of SegmentWriter that moves a segment to a new file.
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "segment/segment_writer.h"

namespace prom {
namespace {

using layout::Header;
using layout::MetricType;
using layout::RecordHeader;
using layout::RecordState;
using layout::RecordType;

// Takes back what a series has counted. What was set, and which pages of a summary are valid, stays.
void ForgetCounts(const FamilyRecord& family, double* cells) {
  if (family.type == MetricType::kGauge) return;
  if (family.type != MetricType::kSummary) {
    std::fill_n(cells, family.CellCount(), 0.0);
    return;
  }
  std::fill_n(cells, layout::kSummaryHeaderCells, 0.0);
  for (uint32_t slot = 0; slot < family.age_buckets; slot++) {
    double* counts = cells + layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells + 2;
    std::fill_n(counts, 4, 0.0);  // n, zero, min, max
  }
}

// Takes the live records of one segment, in their order, over to another, and their cells with them.
class RecordCopy {
 public:
  RecordCopy(const SegmentWriter& from, SegmentWriter& to, bool keeps_counts, std::vector<MovedRecord>* moved)
      : from_(from), to_(to), keeps_counts_(keeps_counts), moved_(*moved) {}

  // The error, if there is one. What belongs to a record that is not live is left behind.
  std::optional<SystemError> Take(uint64_t name, RecordType type, std::span<const uint8_t> body) {
    switch (type) {
      case RecordType::kFamily:
        if (auto record = DecodeFamily(body)) families_[record->id] = std::move(*record);
        break;
      case RecordType::kSeries:
        if (auto record = DecodeSeries(body)) return TakeSeries(name, std::move(*record));
        return std::nullopt;
      case RecordType::kPage:
        if (auto record = DecodePage(body)) return TakePart(name, type, *record, layout::kPageCells);
        return std::nullopt;
      case RecordType::kExemplar:
        if (auto record = DecodeExemplar(body)) return TakePart(name, type, *record, layout::kExemplarCells);
        return std::nullopt;
      default:
        break;
    }
    return Append(name, type, Bytes(body.begin(), body.end()), {});
  }

 private:
  std::optional<SystemError> TakeSeries(uint64_t name, SeriesRecord record) {
    auto family = families_.find(record.family);
    if (family == families_.end()) return std::nullopt;
    auto cells = CopyCells(record.cells_offset, record.cell_count);
    if (!cells.ok()) return cells.error();
    if (!keeps_counts_) ForgetCounts(family->second, Data(cells.value()));
    series_[record.cells_offset] = cells.value().file_offset;
    record.cells_offset = cells.value().file_offset;
    return Append(name, RecordType::kSeries, Encode(record), cells.value());
  }

  // A page or an exemplar.
  template <typename Record>
  std::optional<SystemError> TakePart(uint64_t name, RecordType type, Record record, uint32_t count) {
    auto series = series_.find(record.series_offset);
    if (series == series_.end()) return std::nullopt;
    auto cells = CopyCells(record.cells_offset, count);
    if (!cells.ok()) return cells.error();
    if (!keeps_counts_ && type == RecordType::kPage) std::fill_n(Data(cells.value()), count, 0.0);
    record.series_offset = series->second;
    record.cells_offset = cells.value().file_offset;
    return Append(name, type, Encode(record), cells.value());
  }

  std::optional<SystemError> Append(uint64_t name, RecordType type, const Bytes& body,
                                    const CellRange& cells) {
    auto record = to_.Append(type, body);
    if (!record.ok()) return record.error();
    moved_.push_back({name, record.value(), cells});
    return std::nullopt;
  }

  Result<CellRange> CopyCells(uint64_t file_offset, uint32_t count) {
    auto cells = to_.AllocateCells(count);
    if (!cells.ok()) return cells;
    CellRange old = from_.CellsAt(file_offset);
    std::copy_n(from_.extent(old.extent).data + old.index, count, Data(cells.value()));
    return cells;
  }

  double* Data(const CellRange& cells) const { return to_.extent(cells.extent).data + cells.index; }

  const SegmentWriter& from_;
  SegmentWriter& to_;
  const bool keeps_counts_;
  std::vector<MovedRecord>& moved_;
  std::unordered_map<uint32_t, FamilyRecord> families_;  // by id
  std::unordered_map<uint64_t, uint64_t> series_;  // where the cells of a series were, and where they are
};

}  // namespace

std::optional<SystemError> SegmentWriter::CopyRecords(bool keeps_counts, SegmentWriter& to,
                                                      std::vector<MovedRecord>* moved) const {
  RecordCopy copy(*this, to, keeps_counts, moved);
  for (const RecordExtent& extent : record_extents_) {
    uint64_t used = std::min(records_end_ - extent.stream_offset, extent.length);
    for (uint64_t at = 0; used - at >= layout::kRecordHeaderSize;) {
      RecordHeader head;
      std::memcpy(&head, extent.data + at, sizeof head);
      auto type = static_cast<RecordType>(head.type);
      if (type != RecordType::kSkip && head.state == static_cast<uint32_t>(RecordState::kLive)) {
        std::span<const uint8_t> body(extent.data + at + sizeof head, head.length - sizeof head);
        if (auto error = copy.Take(extent.stream_offset + at, type, body)) return error;
      }
      at += head.length;
    }
  }
  return std::nullopt;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Move(bool keeps_counts,
                                                           std::vector<MovedRecord>* moved) {
  Header identity;
  std::memcpy(&identity, header_, sizeof identity);
  if (!keeps_counts) std::memset(identity.first_id, 0, sizeof identity.first_id);
  auto made = InTemporaryFile(Directory(), identity, max_bytes_);
  if (!made.ok()) return made;
  SegmentWriter& next = *made.value();
  next.max_group_bytes_ = max_group_bytes_;
  if (auto error = CopyRecords(keeps_counts, next, moved)) return *error;
  next.header_->collects_started = header_->collects_started;
  next.header_->collects_finished = header_->collects_finished;
  next.header_->collect_failures = header_->collect_failures;
  next.header_->compaction_failures = header_->compaction_failures;
  next.header_->dropped_series = header_->dropped_series;
  next.header_->dropped_updates = header_->dropped_updates;
  next.header_->wakeup = header_->wakeup;
  if (auto error = next.Publish(path_, true)) return *error;
  // Somebody has given this file another name: there, too, it must not be counted a second time.
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0 && status.st_nlink > 0)
    for (const MovedRecord& record : *moved) Remove(record.from);
  next.wakeup_path_ = std::exchange(wakeup_path_, {});
  next.leader_fd_ = std::move(leader_fd_);
  next.former_fd_ = std::move(fd_);
  has_moved_ = true;
  return made;
}

}  // namespace prom
