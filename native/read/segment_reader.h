// Decodes a segment, whatever its bytes are, and keeps what it learned between scrapes.
//
// Records are append-only, so a scrape parses only what is new; the cells are read again each time. Every reference is
// checked against what is really there, and a segment that lies is refused as a whole with a reason. The archive is read
// in the same way; its cells come in pairs.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/byte_source.h"
#include "files/skip_reason.h"
#include "format/layout.h"
#include "format/record.h"

namespace prom {

struct ReadPage {
  int32_t number;
  uint32_t generation;
  uint16_t slot;
  int8_t schema;
  int8_t sign;
  uint32_t cell;  // index into values()
};

struct ReadExemplar {
  uint32_t bucket;
  uint32_t cell;  // index into values()
};

struct ReadSeries {
  SeriesRecord record;
  uint64_t record_offset;  // in the file
  uint32_t family;         // index into families()
  uint32_t cell;           // index into values()
  std::vector<ReadPage> pages;
  std::vector<ReadExemplar> exemplars;
};

struct ReadFamily {
  FamilyRecord record;
  bool live;
};

struct ReadMember {
  MemberRecord record;
  bool live;
};

class SegmentReader {
 public:
  // Reads the header and the records that are new. What it learned before stays valid unless `epoch()` changes.
  SkipReason Update(const ByteSource& source);

  // Reads all cells; may drop series that were removed meanwhile (then `epoch()` changes). A histogram or summary is
  // accepted when two reads in a row are equal and its buckets add up to its count; after a few attempts the least skewed
  // is taken (the difference is an observation in flight).
  SkipReason ReadValues(const ByteSource& source);

  // Whether what was learned last is whole: also after a failed call that has changed none of it.
  bool usable() const { return usable_; }

  const layout::Header& header() const { return header_; }
  bool is_archive() const { return header_.kind == static_cast<uint32_t>(layout::FileKind::kArchive); }
  // Changes when anything but an append happened: another segment, or a removal.
  uint64_t epoch() const { return epoch_; }

  const std::vector<ReadFamily>& families() const { return families_; }
  const std::vector<ReadSeries>& series() const { return series_; }
  const std::vector<ReadMember>& members() const { return members_; }
  bool has_exemplars() const { return has_exemplars_; }
  // Newest last; a later one replaces an earlier one of the same id.
  const std::vector<ScopeRecord>& scopes() const { return scopes_; }
  const double* values() const { return values_.doubles(); }
  // Of an archive: the segments whose numbers it holds.
  const std::vector<SegmentId>& folded() const { return folded_; }

 private:
  struct CellExtent {
    uint64_t offset;
    uint64_t length;
    uint64_t first_cell;  // index into values_
    uint64_t used;        // bytes up to the last cell that a record names
  };
  struct RecordExtent {
    uint64_t offset;
    uint64_t length;
    uint64_t stream_offset;
  };

  // A histogram or summary, in few words: a scrape looks at each.
  struct Compound {
    uint32_t series;  // index into series_
    uint32_t cell;
    uint32_t cells;
    bool histogram;
  };

  SkipReason ReadHeader(const ByteSource& source);
  SkipReason TakeExtents();
  SkipReason ParseNew(const ByteSource& source, uint64_t end);
  // `offset` is where `data` is in the file; `to_end` tells that it reaches to the end of the extent.
  SkipReason ParseExtent(const uint8_t* data, uint64_t length, uint64_t offset, bool to_end);
  bool ParseRecord(const layout::RecordHeader& head, const uint8_t* body);
  // Of live records: what was removed is forgotten, its cells may belong to another by now.
  bool AddSeries(SeriesRecord record);
  bool AddPage(const PageRecord& record);
  bool AddExemplar(const ExemplarRecord& record);
  // The series of a page or an exemplar, which name it by its cells; null when it was removed since.
  ReadSeries* SeriesAt(uint64_t cells_offset);
  // For a live record: the index of the cell at a file offset if `count` cells are there and not all are named yet.
  bool FindCells(uint64_t offset, uint64_t count, uint32_t* cell);
  SkipReason ReadSettledValues(const ByteSource& source);
  bool ReadTwice(const ByteSource& source);
  // The cells `from` to `until`, to what is memory for them alone.
  bool ReadCells(const ByteSource& source, uint64_t from, uint64_t until, double* to) const;
  void NoteChanges(uint64_t from, uint64_t until);
  bool HasChanged(uint64_t cell, uint64_t count) const;
  bool HasChanged(const Compound& compound) const;
  bool Settled(const ReadSeries& series, const double* first, const double* second) const;
  double Skew(const ReadSeries& series, const double* cells) const;
  bool Settle(const ByteSource& source, const ReadSeries& series, bool has_changed);
  bool SettleExemplars(const ByteSource& source);
  bool ReadSeriesCells(const ByteSource& source, const ReadSeries& series, double* to) const;
  void CopySeriesCells(const ReadSeries& series, const double* from, double* to) const;
  uint64_t FileOffset(uint32_t cell) const;
  void Forget();

  layout::Header header_{};
  uint64_t epoch_ = 0;
  uint64_t parsed_end_ = 0;
  uint64_t record_offset_ = 0;  // of the record that is being parsed
  bool known_ = false;
  bool usable_ = false;
  bool has_exemplars_ = false;
  bool paged_ = false;  // a summary has cells in several places

  std::vector<CellExtent> cell_extents_;
  std::vector<RecordExtent> record_extents_;
  uint64_t cell_count_ = 0;
  uint64_t named_cells_ = 0;  // by live records

  std::vector<ReadFamily> families_;
  std::unordered_map<uint32_t, uint32_t> family_by_id_;
  std::vector<ReadSeries> series_;
  std::unordered_map<uint64_t, uint32_t> series_by_cells_;
  std::vector<Compound> compounds_;
  std::vector<ReadMember> members_;
  std::vector<ScopeRecord> scopes_;
  std::vector<SegmentId> folded_;

  AlignedBuffer records_;
  AlignedBuffer values_;
  AlignedBuffer before_;           // one block of cells as they were read first
  uint64_t block_ = 0;             // cells that are read twice at a time, a power of two
  std::vector<uint64_t> changed_;  // cells that were not the same both times, ascending
  AlignedBuffer attempt_;          // one series, while it settles
};

}  // namespace prom
