#include "segment/rewrite.h"

#include <algorithm>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>

#include "format/record.h"

namespace prom {
namespace {

using layout::MetricType;
using layout::RecordType;

// Sets the counts of a series to zero. The values of gauges stay, and the pages of a summary stay valid.
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

class RecordCopier {
 public:
  RecordCopier(const SegmentWriter& from, bool keeps_counts, Rewritten& result)
      : from_(from), to_(*result.segment), keeps_counts_(keeps_counts), rewritten_(result.records) {}

  // Returns the error, if there is one. A record whose family or series is not live is left out.
  std::optional<SystemError> Copy(const LiveRecord& record) {
    if (record.type == RecordType::kSeries) return CopySeries(record);
    if (record.type == RecordType::kPage) return CopyPart<PageRecord>(record, layout::kPageCells);
    if (record.type == RecordType::kExemplar) return CopyPart<ExemplarRecord>(record, layout::kExemplarCells);
    if (record.type == RecordType::kFamily) {
      if (auto family = Decode<FamilyRecord>(record.body)) families_[family->id] = std::move(*family);
    }
    return Append(record, record.body, {});
  }

 private:
  std::optional<SystemError> CopySeries(const LiveRecord& from) {
    auto series = Decode<SeriesRecord>(from.body);
    auto family = series ? families_.find(series->family) : families_.end();
    if (family == families_.end()) return std::nullopt;
    auto cells = CopyCells(series->cells_offset, series->cell_count);
    if (!cells.ok()) return cells.error();
    if (!keeps_counts_) ForgetCounts(family->second, to_.Data(cells.value()));
    series_[series->cells_offset] = cells.value().file_offset;
    series->cells_offset = cells.value().file_offset;
    return Append(from, Encode(*series), cells.value());
  }

  // A page or an exemplar.
  template <typename Record>
  std::optional<SystemError> CopyPart(const LiveRecord& from, uint32_t count) {
    auto part = Decode<Record>(from.body);
    auto series = part ? series_.find(part->series_offset) : series_.end();
    if (series == series_.end()) return std::nullopt;
    auto cells = CopyCells(part->cells_offset, count);
    if (!cells.ok()) return cells.error();
    if (!keeps_counts_ && from.type == RecordType::kPage) std::fill_n(to_.Data(cells.value()), count, 0.0);
    part->series_offset = series->second;
    part->cells_offset = cells.value().file_offset;
    return Append(from, Encode(*part), cells.value());
  }

  std::optional<SystemError> Append(const LiveRecord& from, std::span<const uint8_t> body,
                                    const CellRange& cells) {
    auto record = to_.Append(from.type, body);
    if (!record.ok()) return record.error();
    rewritten_.push_back({from.record, record.value(), cells});
    return std::nullopt;
  }

  Result<CellRange> CopyCells(uint64_t file_offset, uint32_t count) {
    auto cells = to_.AllocateCells(count);
    if (cells.ok()) std::copy_n(from_.Data(from_.CellsAt(file_offset)), count, to_.Data(cells.value()));
    return cells;
  }

  const SegmentWriter& from_;
  SegmentWriter& to_;
  const bool keeps_counts_;
  std::vector<RewrittenRecord>& rewritten_;
  std::unordered_map<uint32_t, FamilyRecord> families_;  // by id
  std::unordered_map<uint64_t, uint64_t> series_;        // old and new offset of the cells of a series
};

}  // namespace

Result<Rewritten> Rewrite(const SegmentWriter& from, bool keeps_counts, const std::string& directory) {
  auto to = from.CreateSuccessor(keeps_counts, directory);
  if (!to.ok()) return to.error();
  Rewritten result{std::move(to.value()), {}};
  RecordCopier copier(from, keeps_counts, result);
  // A family that was registered again comes after its series.
  for (bool families : {true, false}) {
    for (const LiveRecord& record : from.LiveRecords()) {
      if ((record.type == RecordType::kFamily) != families) continue;
      if (auto error = copier.Copy(record)) return *error;
    }
  }
  std::sort(result.records.begin(), result.records.end(),
            [](const RewrittenRecord& a, const RewrittenRecord& b) { return a.from < b.from; });
  return result;
}

}  // namespace prom
