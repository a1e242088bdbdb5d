// Reads the cells of a segment while its owner writes them.
//
// Cells are read twice. A histogram or summary is whole when both reads are equal and its buckets add up to its count;
// otherwise it is read again, a few times, and the read with the smallest difference counts: the difference is an observation
// in flight. An exemplar is whole when its current slot is the same in both reads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/byte_source.h"
#include "files/directory.h"
#include "format/record.h"

namespace prom {

struct ReadPage {
  int32_t number;
  uint32_t generation;
  uint16_t slot;
  int8_t schema;
  int8_t sign;
  uint32_t cell;  // index into SegmentReader::values()
};

struct ReadNative {
  int64_t cell = -1;  // -1: the series is no native histogram
  double zero_threshold = 0;
};

struct ReadExemplar {
  uint32_t bucket;
  uint32_t cell;
};

struct ReadSeries {
  SeriesRecord record;
  uint64_t record_offset;  // in the file
  uint32_t family;         // index into SegmentReader::families()
  uint32_t cell;
  std::vector<ReadPage> pages;
  std::vector<ReadExemplar> exemplars;
  ReadNative native{};
};

// An extent of a file among the extents of its type, as one range of bytes.
struct ReadExtent {
  uint64_t offset;
  uint64_t length;
  uint64_t start;     // bytes of the extents before it
  uint64_t used = 0;  // bytes up to the last cell that a record names
};

class CellReader {
 public:
  // A histogram or summary, in few words: a scrape looks at each.
  struct Compound {
    uint32_t series;  // index of the series
    uint32_t cell;
    uint32_t count;
    bool histogram;
  };

  std::vector<ReadExtent>& extents() { return extents_; }
  // Forgets the cells that records name.
  void Forget();
  // The index of the first of `count` cells that a live record names by their file offset. -1 when the file does not have
  // them, or when records name more cells than the file has: no honest owner gives a cell twice.
  int64_t Find(uint64_t offset, uint64_t count);
  void AddCompound(const Compound& compound) { compounds_.push_back(compound); }
  // Cells of a series that are apart from the others.
  void AddPage() { has_pages_ = true; }
  void AddExemplar(uint32_t cell) { exemplars_.push_back(cell); }
  bool has_exemplars() const { return !exemplars_.empty(); }

  // Reads all cells that records name. `changes` is false for a file that has no writer.
  SkipReason Read(const ByteSource& source, std::span<const ReadSeries> series, bool changes);
  const double* values() const { return values_.doubles(); }

 private:
  uint64_t cell_count() const;
  bool ReadTwice(const ByteSource& source);
  template <typename Each>
  bool ForEachRange(uint64_t from, uint64_t until, Each each) const;
  bool HasChanged(uint64_t cell, uint64_t count) const;
  bool Settle(const ByteSource& source, const Compound& compound, const ReadSeries& series, bool has_changed);
  bool SettleExemplar(const ByteSource& source, uint32_t cell);
  bool ReadCells(const ByteSource& source, uint64_t cell, uint64_t count, double* to) const;

  std::vector<ReadExtent> extents_;
  uint64_t named_cells_ = 0;
  std::vector<Compound> compounds_;
  std::vector<uint32_t> exemplars_;  // their first cells
  bool has_pages_ = false;
  AlignedBuffer values_;
  AlignedBuffer before_;           // a block of cells as the first read had them
  uint64_t block_ = 0;             // cells that are read twice before the next ones are; a power of two
  std::vector<uint64_t> changed_;  // cells that were not the same in both reads, ascending
  AlignedBuffer attempt_;          // one series, while it settles
};

}  // namespace prom
