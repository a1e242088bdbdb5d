#include "read/cell_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace prom {
namespace {

constexpr int kSettleAttempts = 8;
// So few that the second read finds the cells of the first one in the processor's caches.
constexpr uint64_t kBlockCells = 8192;

bool SameCells(const double* a, const double* b, uint64_t count) {
  return std::memcmp(a, b, count * sizeof(double)) == 0;
}

// How far the buckets of a histogram are from its count. 0 also where a cell is not a number.
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

double SummarySkew(const ReadSeries& series, const double* values) {
  double skew = 0;
  const double* cells = values + series.cell;
  for (uint32_t slot = 0;
       slot * layout::kSummarySlotCells + layout::kSummaryHeaderCells < series.record.cell_count; slot++) {
    const double* head = cells + layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells;
    double sum = head[layout::kSlotZero];
    for (const ReadPage& page : series.pages) {
      if (page.slot != slot || page.generation != head[layout::kSlotGeneration]) continue;
      for (uint32_t i = 0; i < layout::kPageCells; i++) sum += values[page.cell + i];
    }
    skew += std::fabs(sum - head[layout::kSlotN]);
  }
  return skew > 0 ? skew : 0;
}

double NativeSkew(const ReadSeries& series, const double* values) {
  const double* head = values + series.native.cell;
  double sum = head[layout::kNativeZero];
  for (const ReadPage& page : series.pages) {
    if (page.generation != head[layout::kNativeGeneration]) continue;
    for (uint32_t i = 0; i < layout::kPageCells; i++) sum += values[page.cell + i];
  }
  double skew = std::fabs(sum - values[series.cell + 1]);
  return skew > 0 ? skew : 0;
}

double SkewOf(const CellReader::Compound& compound, const ReadSeries& series, const double* values) {
  if (!compound.histogram) return SummarySkew(series, values);
  double skew = HistogramSkew(values + compound.cell, compound.count);
  return series.native.cell < 0 ? skew : skew + NativeSkew(series, values);
}

// Calls `each(cell, count)` for the ranges of a series' cells until one returns false.
template <typename Each>
bool AllRangesOf(const ReadSeries& series, Each each) {
  return each(series.cell, series.record.cell_count) &&
         (series.native.cell < 0 || each(static_cast<uint32_t>(series.native.cell), layout::kNativeCells)) &&
         std::all_of(series.pages.begin(), series.pages.end(),
                     [&](const ReadPage& page) { return each(page.cell, layout::kPageCells); });
}

}  // namespace

void CellReader::Forget() {
  for (ReadExtent& extent : extents_) extent.used = 0;
  named_cells_ = 0;
  compounds_.clear();
  exemplars_.clear();
  has_pages_ = false;
}

uint64_t CellReader::cell_count() const {
  return extents_.empty() ? 0 : (extents_.back().start + extents_.back().length) / sizeof(double);
}

int64_t CellReader::Find(uint64_t offset, uint64_t count) {
  named_cells_ += count;
  if (named_cells_ > cell_count()) return -1;
  for (ReadExtent& extent : extents_) {
    if (offset < extent.offset || offset - extent.offset >= extent.length) continue;
    uint64_t at = offset - extent.offset;
    uint64_t bytes = count * sizeof(double);
    if (at % sizeof(double) != 0 || bytes > extent.length - at) return -1;
    extent.used = std::max(extent.used, at + bytes);
    return static_cast<int64_t>((extent.start + at) / sizeof(double));
  }
  return -1;
}

SkipReason CellReader::Read(const ByteSource& source, std::span<const ReadSeries> series, bool changes) {
  uint64_t count = cell_count();
  // All cells that belong together are in one block, or count as changed.
  block_ = has_pages_ ? std::bit_ceil(count) : kBlockCells;
  if (!values_.Reserve(count * sizeof(double)) ||
      !before_.Reserve(std::min(block_, count) * sizeof(double))) {
    return SkipReason::kUnreadable;
  }
  double* values = values_.doubles();
  if (!changes || (compounds_.empty() && exemplars_.empty())) {
    bool whole = ForEachRange(0, count, [&](uint64_t first, uint64_t last) {
      return ReadCells(source, first, last - first, values + first);
    });
    return whole ? SkipReason::kNone : SkipReason::kTruncated;
  }
  if (!ReadTwice(source)) return SkipReason::kTruncated;
  for (const Compound& compound : compounds_) {
    const ReadSeries& own = series[compound.series];
    bool has_changed =
        compound.histogram && own.native.cell < 0
            ? HasChanged(compound.cell, compound.count)
            : !AllRangesOf(own, [&](uint32_t cell, uint32_t length) { return !HasChanged(cell, length); });
    bool settled = !has_changed && SkewOf(compound, own, values) == 0;
    if (!settled && !Settle(source, compound, own, has_changed)) return SkipReason::kTruncated;
  }
  for (uint32_t cell : exemplars_) {
    bool settled = !HasChanged(cell, layout::kExemplarCells);
    if (!settled && !SettleExemplar(source, cell)) return SkipReason::kTruncated;
  }
  return SkipReason::kNone;
}

// The second read is the one that counts: a scrape then misses nothing that was there when it began.
bool CellReader::ReadTwice(const ByteSource& source) {
  changed_.clear();
  bool whole = true;
  for (uint64_t from = 0; from < cell_count() && whole; from += block_) {
    uint64_t until = std::min(from + block_, cell_count());
    auto read = [&](double* to) {
      return ForEachRange(from, until, [&](uint64_t first, uint64_t last) {
        return ReadCells(source, first, last - first, to + (first - from));
      });
    };
    whole = read(before_.doubles()) && read(values_.doubles() + from) &&
            ForEachRange(from, until, [&](uint64_t first, uint64_t last) {
              const double* before = before_.doubles() + (first - from);
              const double* after = values_.doubles() + first;
              if (SameCells(before, after, last - first)) return true;
              for (uint64_t i = 0; i < last - first; i++) {
                if (!SameCells(before + i, after + i, 1)) changed_.push_back(first + i);
              }
              return true;
            });
  }
  return whole;
}

// Calls `each(first, last)` for the cells between `from` and `until` that records may name, extent by extent, until one
// returns false.
template <typename Each>
bool CellReader::ForEachRange(uint64_t from, uint64_t until, Each each) const {
  for (const ReadExtent& extent : extents_) {
    uint64_t first = std::max(from, extent.start / sizeof(double));
    uint64_t last = std::min(until, (extent.start + extent.used) / sizeof(double));
    if (first < last && !each(first, last)) return false;
  }
  return true;
}

bool CellReader::HasChanged(uint64_t cell, uint64_t count) const {
  if ((cell ^ (cell + count - 1)) >= block_) return true;  // it begins in one block and ends in another
  if (changed_.empty()) return false;
  auto next = std::lower_bound(changed_.begin(), changed_.end(), cell);
  return next != changed_.end() && *next < cell + count;
}

bool CellReader::Settle(const ByteSource& source, const Compound& compound, const ReadSeries& series,
                        bool has_changed) {
  // As long as `values_`, so that one set of indexes serves both.
  if (!attempt_.Reserve(cell_count() * sizeof(double))) return false;
  double* last = values_.doubles();
  double* next = attempt_.doubles();
  double best = has_changed ? INFINITY : SkewOf(compound, series, last);
  for (int i = 0; i < kSettleAttempts; i++) {
    if (!AllRangesOf(series, [&](uint32_t cell, uint32_t count) {
          return ReadCells(source, cell, count, next + cell);
        })) {
      return false;
    }
    double skew = SkewOf(compound, series, next);
    bool settled = skew == 0 && AllRangesOf(series, [&](uint32_t cell, uint32_t count) {
                     return SameCells(last + cell, next + cell, count);
                   });
    if (settled) return true;
    if (skew > best) continue;
    best = skew;
    AllRangesOf(series, [&](uint32_t cell, uint32_t count) {
      std::copy_n(next + cell, count, last + cell);
      return true;
    });
  }
  return true;
}

// The owner writes the other slot, but it may have come round to the one that is read. An exemplar that never settles counts
// as none.
bool CellReader::SettleExemplar(const ByteSource& source, uint32_t cell) {
  double* last = values_.doubles() + cell;
  double next[layout::kExemplarCells];
  for (int i = 0; i < kSettleAttempts; i++) {
    if (!ReadCells(source, cell, layout::kExemplarCells, next)) return false;
    size_t slot = next[0] == 2 ? 1 + layout::kExemplarSlotCells : 1;
    bool whole = SameCells(last, next, 1) && SameCells(last + slot, next + slot, layout::kExemplarSlotCells);
    std::copy_n(next, layout::kExemplarCells, last);
    if (whole) return true;
  }
  last[0] = 0;
  return true;
}

// Reads cells of one extent.
bool CellReader::ReadCells(const ByteSource& source, uint64_t cell, uint64_t count, double* to) const {
  uint64_t at = cell * sizeof(double);
  auto after =
      std::upper_bound(extents_.begin(), extents_.end(), at,
                       [](uint64_t value, const ReadExtent& extent) { return value < extent.start; });
  const ReadExtent& extent = *std::prev(after);
  return source.Read(to, count * sizeof(double), extent.offset + (at - extent.start));
}

}  // namespace prom
