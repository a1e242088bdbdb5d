// Decodes a segment of any bytes, and keeps its records between scrapes.
//
// Records are append-only, so a scrape parses only the new ones; the cells are read again each time. Every reference is
// checked against the bytes of the file, and a segment that contradicts itself is refused as a whole with a reason. The
// archive is read in the same way; its cells come in pairs.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/byte_source.h"
#include "files/directory.h"
#include "format/layout.h"
#include "format/record.h"
#include "read/cell_reader.h"

namespace prom {

struct ReadFamily {
  FamilyRecord record;
  bool live;
};

struct ReadMember {
  MemberRecord record;
  bool live;
};

// A live family that is in a scope, by their indexes and that of the member record.
struct Membership {
  uint32_t family;
  uint32_t scope;
  uint32_t member;
};

class SegmentReader {
 public:
  // Reads the header and the new records. The records that were read before stay valid unless version() changes.
  SkipReason Update(const ByteSource& source);

  // Reads all cells. Series that were removed since Update() are dropped, and then version() changes.
  SkipReason ReadValues(const ByteSource& source);

  // Whether records and cells are whole: also after a failed call that has changed neither.
  bool usable() const { return usable_; }

  const layout::Header& header() const { return header_; }
  bool is_archive() const { return header_.kind == static_cast<uint32_t>(layout::FileKind::kArchive); }
  // Changes when series were removed, any other record was appended, or the segment is another one. No two readers have
  // the same.
  uint64_t version() const { return version_; }

  const std::vector<ReadFamily>& families() const { return families_; }
  const std::vector<ReadSeries>& series() const { return series_; }
  const std::vector<ReadMember>& members() const { return members_; }
  const std::vector<ScopeRecord>& scopes() const { return scopes_; }
  // Of several scopes with one id the last one counts, and of several families, which must have the same cells.
  bool IsCurrentScope(uint32_t scope) const { return scope_by_id_.at(scopes_[scope].id) == scope; }
  // In the order of the member records.
  std::vector<Membership> Memberships() const;
  // Live records that are whole, but contradict the format or other records. They are left out, and so is each record that
  // refers to one of them. An archive with such a record is corrupt.
  uint64_t skipped_records() const { return skipped_records_; }
  bool has_native() const { return has_native_; }
  // The place in the file of the record that was read last; 0 before the first. After a failed Update(), of the one that is wrong.
  uint64_t record_offset() const { return record_offset_; }
  bool has_exemplars() const { return cells_.has_exemplars(); }
  const double* values() const { return cells_.values(); }
  // Of an archive: the segments whose numbers it holds.
  const std::vector<SegmentId>& compacted() const { return compacted_; }

 private:
  SkipReason ReadHeader(const ByteSource& source);
  SkipReason TakeExtents();
  SkipReason ParseNew(const ByteSource& source, uint64_t end);
  // Parses the whole records among `length` bytes of a record extent, from parsed_end_ on, which moves behind them. `offset` is
  // that of `data` in the file. Returns the length of the record after them if its header is there, else 0.
  struct Parsed {
    SkipReason reason;
    uint64_t next = 0;
  };
  Parsed ParseRecords(const uint8_t* data, uint64_t length, uint64_t offset);
  bool ParseRecord(const layout::RecordHeader& head, const uint8_t* body);
  template <typename Record>
  bool Parse(std::span<const uint8_t> body, bool live);
  // Adds a record, or refuses it. Removed series, pages and exemplars are skipped: their cells may have another owner by now.
  bool Add(FamilyRecord record, bool live);
  bool Add(SeriesRecord record, bool live);
  bool Add(PageRecord record, bool live);
  bool Add(NativeRecord record, bool live);
  bool Add(ExemplarRecord record, bool live);
  bool Add(ScopeRecord record, bool live);
  bool Add(MemberRecord record, bool live);
  bool Add(CompactedRecord record, bool live);
  // Refuses a record whose cells are in no extent. Then the header is damaged, or older than the record: the segment is refused, so
  // that its last numbers count.
  bool Misplaced() {
    misplaced_ = true;
    return false;
  }
  // The series of a page or an exemplar, by the file offset of its cells; null when it was removed.
  ReadSeries* SeriesAt(uint64_t cells_offset);
  SkipReason ReadSettledValues(const ByteSource& source);
  void Forget();

  layout::Header header_{};
  uint64_t version_ = 0;
  uint64_t parsed_end_ = 0;
  uint64_t record_offset_ = 0;  // of the record that is being parsed
  uint64_t skipped_records_ = 0;
  bool misplaced_ = false;
  bool known_ = false;
  bool usable_ = false;
  bool has_native_ = false;

  std::vector<ReadExtent> record_extents_;
  std::vector<ReadFamily> families_;
  std::unordered_map<uint32_t, uint32_t> family_by_id_;
  std::vector<ReadSeries> series_;
  // Of the first `by_cells_count_` series: few segments have records that refer to one.
  std::unordered_map<uint64_t, uint32_t> series_by_cells_;
  uint32_t by_cells_count_ = 0;
  std::vector<ReadMember> members_;
  std::vector<ScopeRecord> scopes_;
  std::unordered_map<uint32_t, uint32_t> scope_by_id_;
  std::vector<SegmentId> compacted_;
  CellReader cells_;
  AlignedBuffer records_;
};

}  // namespace prom
