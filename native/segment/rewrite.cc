#include "segment/rewrite.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "format/record.h"

namespace prom {
namespace {

using layout::MetricType;
using layout::RecordType;

// To pass over so many takes as long as one preparation of cells.
constexpr uint32_t kRecordsPerPreparation = 256;

bool IsPage(RecordType type) { return type == RecordType::kPage || type == RecordType::kNativePage; }

// Sets the counts of a series to zero. The values of gauges stay, and the pages of a summary stay valid.
void ForgetCountsOf(const FamilyRecord& family, double* cells) {
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

}  // namespace

Result<std::unique_ptr<Rewrite>> Rewrite::Begin(SegmentWriter& from, const std::string& directory) {
  auto to = from.CreateSuccessor(directory);
  if (!to.ok()) return to.error();
  SegmentWriter::MarkVacantExtents(from);
  return std::unique_ptr<Rewrite>(new Rewrite(from, std::move(to.value())));
}

Result<bool> Rewrite::Copy(uint32_t records) {
  if (!to_->HasCellsOf(from_)) {
    waited_ += records;
    if (waited_ < kRecordsPerPreparation) return false;
    waited_ = 0;
    if (auto error = to_->PrepareCells(from_)) return *error;
    return false;
  }
  for (uint32_t i = 0; i < records; i++) {
    auto record = from_.Next(position_);
    if (!record) {
      if (!copies_families_) return true;
      copies_families_ = false;
      families_end_ = position_.records;
      position_ = {};
      continue;
    }
    bool is_family = record->type == RecordType::kFamily;
    bool was_copied = is_family && !copies_families_ && position_.records <= families_end_;
    if (!record->is_live || was_copied || (copies_families_ && !is_family)) continue;
    if (auto error = CopyRecord(*record)) return *error;
  }
  return false;
}

std::optional<SystemError> Rewrite::CopyRecord(const RecordRef& record) {
  if (record.type == RecordType::kSeries) return CopySeries(record);
  if (IsPage(record.type)) return CopyPart<PageRecord>(record);
  if (record.type == RecordType::kNative) return CopyPart<NativeRecord>(record);
  if (record.type == RecordType::kExemplar) return CopyPart<ExemplarRecord>(record);
  return to_->AppendAs(record.number, record.type, record.body);
}

std::optional<SystemError> Rewrite::CopySeries(const RecordRef& record) {
  auto series = Decode<SeriesRecord>(record.body);
  if (!series) return std::nullopt;
  CellRange cells = from_.CellsAt(series->cells_offset);
  series_.resize(from_.extent_count());
  std::vector<bool>& begins = series_[cells.extent];
  begins.resize(from_.extent(cells.extent).length / sizeof(double));
  begins[cells.index] = true;
  series->cells_offset = to_->FileOffset(cells);
  return to_->AppendAs(record.number, record.type, Encode(*series));
}

// A page, an exemplar, or the header of a native histogram. It is left out if its series is not live.
template <typename Record>
std::optional<SystemError> Rewrite::CopyPart(const RecordRef& record) {
  auto part = Decode<Record>(record.body);
  if (!part) return std::nullopt;
  CellRange series = from_.CellsAt(part->series_offset);
  if (series.extent >= series_.size() || series.index >= series_[series.extent].size() ||
      !series_[series.extent][series.index]) {
    return std::nullopt;
  }
  part->series_offset = to_->FileOffset(series);
  part->cells_offset = NewOffset(part->cells_offset);
  return to_->AppendAs(record.number, record.type, Encode(*part));
}

std::unique_ptr<SegmentWriter> Rewrite::Finish(bool keeps_counts) {
  to_->CopyCells(from_);
  if (!keeps_counts) ForgetCounts();
  return std::move(to_);
}

void Rewrite::ForgetCounts() {
  layout::Header& header = to_->header();
  header.first_id = header.segment_id;
  header.header_crc = HeaderCrc(header);
  std::unordered_map<uint32_t, FamilyRecord> families;  // by id
  RecordLocation position;
  while (auto record = to_->Next(position)) {
    if (record->type == RecordType::kFamily) {
      if (auto family = Decode<FamilyRecord>(record->body)) families[family->id] = std::move(*family);
    } else if (record->type == RecordType::kSeries) {
      auto series = Decode<SeriesRecord>(record->body);
      auto family = families.find(series->family);
      if (family != families.end()) {
        ForgetCountsOf(family->second, to_->Data(to_->CellsAt(series->cells_offset)));
      }
    } else if (IsPage(record->type)) {
      auto page = Decode<PageRecord>(record->body);
      std::fill_n(to_->Data(to_->CellsAt(page->cells_offset)), layout::kPageCells, 0.0);
    } else if (record->type == RecordType::kNative) {
      auto native = Decode<NativeRecord>(record->body);
      to_->Data(to_->CellsAt(native->cells_offset))[layout::kNativeZero] = 0;
    }
  }
}

}  // namespace prom
