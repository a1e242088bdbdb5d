// The half of SegmentReader that reads cells.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "publication.h"
#include "segment_reader.h"

namespace prom {
namespace {

using layout::Header;

constexpr int kSettleAttempts = 8;

bool SameCells(const double* a, const double* b, uint64_t count) {
  return std::memcmp(a, b, count * sizeof(double)) == 0;
}

}  // namespace

SkipReason SegmentReader::ReadValues(const ByteSource& source) {
  SkipReason reason = ReadSettledValues(source);
  usable_ = usable_ || reason == SkipReason::kNone;
  if (reason != SkipReason::kNone) known_ = false;
  return reason;
}

SkipReason SegmentReader::ReadSettledValues(const ByteSource& source) {
  uint64_t bytes = cell_count_ * sizeof(double);
  bool moving = compound_ && !is_archive();
  if (!values_.Reserve(bytes) || (moving && !before_.Reserve(bytes))) return SkipReason::kUnreadable;
  // The later read is the one that counts: a scrape then misses nothing that was there when it began.
  if (moving && !ReadCells(source, before_.doubles())) return SkipReason::kTruncated;
  if (!ReadCells(source, values_.doubles())) return SkipReason::kTruncated;
  if (moving) {
    for (const ReadSeries& series : series_) {
      if (Settled(series, before_.doubles(), values_.doubles())) continue;
      if (!Settle(source, series, before_.doubles())) return SkipReason::kTruncated;
    }
  }
  AcquireFence();
  uint64_t removals;
  if (!source.Read(&removals, sizeof removals, offsetof(Header, removals))) return SkipReason::kTruncated;
  if (removals == header_.removals) return SkipReason::kNone;
  // Cells may have gone to other series between the records and the cells. Of the records that were known then, those
  // that are still live kept their cells all the time; newer ones wait for the next scrape.
  uint64_t known_end = parsed_end_;
  SkipReason reason = ReadHeader(source);
  if (reason != SkipReason::kNone) return reason;
  AcquireFence();
  Forget();
  reason = ParseNew(source, known_end);
  if (reason != SkipReason::kNone) Forget();
  return reason;
}

bool SegmentReader::ReadCells(const ByteSource& source, double* to) const {
  for (const CellExtent& extent : cell_extents_) {
    if (extent.used != 0 && !source.Read(to + extent.first_cell, extent.used, extent.offset)) return false;
  }
  return true;
}

// How far the buckets of a histogram or summary are from its count: 0 unless an observation is in flight.
double SegmentReader::Skew(const ReadSeries& series, const double* cells) const {
  const FamilyRecord& family = families_[series.family].record;
  const double* own = cells + series.cell;
  double skew = 0;
  if (family.type == layout::MetricType::kHistogram) {
    double sum = 0;
    for (uint32_t i = layout::kHistogramHeaderCells; i < series.record.cell_count; i++) sum += own[i];
    skew = std::fabs(sum - own[1]);
  } else if (family.type == layout::MetricType::kSummary) {
    for (uint32_t slot = 0; slot < family.age_buckets; slot++) {
      const double* head = own + layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells;
      double sum = head[3];
      for (const ReadPage& page : series.pages) {
        if (page.slot != slot || page.generation != head[1]) continue;
        for (uint32_t i = 0; i < layout::kPageCells; i++) sum += cells[page.cell + i];
      }
      skew += std::fabs(sum - head[2]);
    }
  }
  return std::isnan(skew) ? 0 : skew;
}

bool SegmentReader::Settled(const ReadSeries& series, const double* first, const double* second) const {
  layout::MetricType type = families_[series.family].record.type;
  if (type != layout::MetricType::kHistogram && type != layout::MetricType::kSummary) return true;
  if (!SameCells(first + series.cell, second + series.cell, series.record.cell_count)) return false;
  for (const ReadPage& page : series.pages) {
    if (!SameCells(first + page.cell, second + page.cell, layout::kPageCells)) return false;
  }
  return Skew(series, second) == 0;
}

bool SegmentReader::Settle(const ByteSource& source, const ReadSeries& series, const double* first) {
  // `attempt_` is as long as `values_` so that one set of indexes serves all; only this series' cells are touched.
  if (!attempt_.Reserve(cell_count_ * sizeof(double))) return false;
  double* last = values_.doubles();
  double* next = attempt_.doubles();
  double best = SameCells(first + series.cell, last + series.cell, series.record.cell_count)
                    ? Skew(series, last)
                    : INFINITY;
  for (int i = 0; i < kSettleAttempts; i++) {
    if (!ReadSeriesCells(source, series, next)) return false;
    if (Settled(series, last, next)) {
      CopySeriesCells(series, next, last);
      return true;
    }
    double skew = Skew(series, next);
    if (skew <= best) {
      best = skew;
      CopySeriesCells(series, next, last);
    }
  }
  return true;
}

bool SegmentReader::ReadSeriesCells(const ByteSource& source, const ReadSeries& series, double* to) const {
  auto read = [&](uint32_t cell, uint64_t count) {
    return source.Read(to + cell, count * sizeof(double), FileOffset(cell));
  };
  if (!read(series.cell, series.record.cell_count)) return false;
  return std::all_of(series.pages.begin(), series.pages.end(),
                     [&](const ReadPage& page) { return read(page.cell, layout::kPageCells); });
}

void SegmentReader::CopySeriesCells(const ReadSeries& series, const double* from, double* to) const {
  std::copy_n(from + series.cell, series.record.cell_count, to + series.cell);
  for (const ReadPage& page : series.pages) std::copy_n(from + page.cell, layout::kPageCells, to + page.cell);
}

uint64_t SegmentReader::FileOffset(uint32_t cell) const {
  auto after =
      std::upper_bound(cell_extents_.begin(), cell_extents_.end(), cell,
                       [](uint64_t value, const CellExtent& extent) { return value < extent.first_cell; });
  const CellExtent& extent = *std::prev(after);
  return extent.offset + (cell - extent.first_cell) * sizeof(double);
}

}  // namespace prom
