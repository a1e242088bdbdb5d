// The half of SegmentReader that reads cells.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "format/publication.h"
#include "read/segment_reader.h"

namespace prom {
namespace {

using layout::Header;

constexpr int kSettleAttempts = 8;
// So many cells are read twice before the next are: what is compared is still in the processor's caches then.
constexpr uint64_t kBlockCells = 8192;

bool SameCells(const double* a, const double* b, uint64_t count) {
  return std::memcmp(a, b, count * sizeof(double)) == 0;
}

// 0 also where there is none to tell of, among numbers that are none.
double HistogramSkew(const double* cells, uint32_t count) {
  // Two sums, for one addition waits for the other; of counts they are the same in any order.
  double sums[2] = {0, 0};
  uint32_t i = layout::kHistogramHeaderCells;
  for (; i + 1 < count; i += 2) {
    sums[0] += cells[i];
    sums[1] += cells[i + 1];
  }
  if (i < count) sums[0] += cells[i];
  double skew = std::fabs(sums[0] + sums[1] - cells[1]);
  return skew > 0 ? skew : 0;
}

}  // namespace

SkipReason SegmentReader::ReadValues(const ByteSource& source) {
  SkipReason reason = ReadSettledValues(source);
  usable_ = usable_ || reason == SkipReason::kNone;
  if (reason != SkipReason::kNone) known_ = false;
  return reason;
}

SkipReason SegmentReader::ReadSettledValues(const ByteSource& source) {
  if (!values_.Reserve(cell_count_ * sizeof(double))) return SkipReason::kUnreadable;
  double* values = values_.doubles();
  if ((compounds_.empty() && !has_exemplars_) || is_archive()) {
    if (!ReadCells(source, 0, cell_count_, values)) return SkipReason::kTruncated;
  } else {
    // All that belongs together is in one block, or counts as changed.
    block_ = paged_ ? std::bit_ceil(cell_count_) : kBlockCells;
    if (!before_.Reserve(std::min(block_, cell_count_) * sizeof(double))) return SkipReason::kUnreadable;
    if (!ReadTwice(source)) return SkipReason::kTruncated;
    for (const Compound& compound : compounds_) {
      bool has_changed = HasChanged(compound);
      const ReadSeries& series = series_[compound.series];
      double skew =
          compound.histogram ? HistogramSkew(values + compound.cell, compound.cells) : Skew(series, values);
      if ((has_changed || skew != 0) && !Settle(source, series, has_changed)) return SkipReason::kTruncated;
    }
    if (has_exemplars_ && !SettleExemplars(source)) return SkipReason::kTruncated;
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

// The later read is the one that counts: a scrape then misses nothing that was there when it began.
bool SegmentReader::ReadTwice(const ByteSource& source) {
  changed_.clear();
  for (uint64_t from = 0; from < cell_count_; from += block_) {
    uint64_t until = std::min(from + block_, cell_count_);
    if (!ReadCells(source, from, until, before_.doubles()) ||
        !ReadCells(source, from, until, values_.doubles() + from)) {
      return false;
    }
    NoteChanges(from, until);
  }
  return true;
}

bool SegmentReader::ReadCells(const ByteSource& source, uint64_t from, uint64_t until, double* to) const {
  for (const CellExtent& extent : cell_extents_) {
    uint64_t first = std::max(from, extent.first_cell);
    uint64_t last = std::min(until, extent.first_cell + extent.used / sizeof(double));
    if (first >= last) continue;
    uint64_t offset = extent.offset + (first - extent.first_cell) * sizeof(double);
    if (!source.Read(to + (first - from), (last - first) * sizeof(double), offset)) return false;
  }
  return true;
}

void SegmentReader::NoteChanges(uint64_t from, uint64_t until) {
  for (const CellExtent& extent : cell_extents_) {
    uint64_t first = std::max(from, extent.first_cell);
    uint64_t last = std::min(until, extent.first_cell + extent.used / sizeof(double));
    const double* before = before_.doubles() + (first - from);
    if (first >= last || SameCells(before, values_.doubles() + first, last - first)) continue;
    for (uint64_t cell = first; cell < last; cell++) {
      if (!SameCells(before + (cell - first), values_.doubles() + cell, 1)) changed_.push_back(cell);
    }
  }
}

bool SegmentReader::HasChanged(uint64_t cell, uint64_t count) const {
  if ((cell ^ (cell + count - 1)) >= block_) return true;  // it begins in one block and ends in another
  if (changed_.empty()) return false;
  auto next = std::lower_bound(changed_.begin(), changed_.end(), cell);
  return next != changed_.end() && *next < cell + count;
}

bool SegmentReader::HasChanged(const Compound& compound) const {
  if (HasChanged(compound.cell, compound.cells)) return true;
  if (compound.histogram) return false;
  const std::vector<ReadPage>& pages = series_[compound.series].pages;
  return std::any_of(pages.begin(), pages.end(),
                     [&](const ReadPage& page) { return HasChanged(page.cell, layout::kPageCells); });
}

// How far the buckets of a histogram or summary are from its count: 0 unless an observation is in flight.
double SegmentReader::Skew(const ReadSeries& series, const double* cells) const {
  const FamilyRecord& family = families_[series.family].record;
  const double* own = cells + series.cell;
  double skew = 0;
  if (family.type == layout::MetricType::kHistogram) {
    skew = HistogramSkew(own, series.record.cell_count);
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
  return skew > 0 ? skew : 0;
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

bool SegmentReader::Settle(const ByteSource& source, const ReadSeries& series, bool has_changed) {
  // `attempt_` is as long as `values_` so that one set of indexes serves all; only this series' cells are touched.
  if (!attempt_.Reserve(cell_count_ * sizeof(double))) return false;
  double* last = values_.doubles();
  double* next = attempt_.doubles();
  double best = has_changed ? INFINITY : Skew(series, last);
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

// The owner writes the slot that does not count, but it may have come round to the one that is being read: an exemplar is
// whole when two reads in a row have the same slot, with the same in it. One that never is counts as none.
bool SegmentReader::SettleExemplars(const ByteSource& source) {
  for (const ReadSeries& series : series_) {
    for (const ReadExemplar& exemplar : series.exemplars) {
      if (!HasChanged(exemplar.cell, layout::kExemplarCells)) continue;
      double* last = values_.doubles() + exemplar.cell;
      double next[layout::kExemplarCells];
      bool whole = false;
      for (int i = 0; i < kSettleAttempts && !whole; i++) {
        if (!source.Read(next, sizeof next, FileOffset(exemplar.cell))) return false;
        size_t first = next[0] == 2 ? 1 + layout::kExemplarSlotCells : 1;
        whole = SameCells(last, next, 1) && SameCells(last + first, next + first, layout::kExemplarSlotCells);
        std::copy_n(next, layout::kExemplarCells, last);
      }
      if (!whole) last[0] = 0;
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
