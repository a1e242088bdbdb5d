// Rewrites a segment: its live records and its cells, without the garbage, in a new file.
//
// The records are copied in slices, while the owner counts in the old cells, adds and removes series. The last step, in one call
// of the owner's thread, copies the cells, whose places in the extents stay what they are, and puts the new file at the
// addresses of the old one: no view of a cell and no number of a record changes.
//
//   1. Begin()                 a file with a temporary name
//   2. Copy(), repeatedly      records, and empty extents for the cells
//   3. Finish()                the cells
//   4. OwnerPresence::Replace()   the addresses, the lock, the name
//
// Before the rename at the end of step 4 readers see the old file, whose cells count until then; a crash leaves a temporary file.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "segment/segment_writer.h"

namespace prom {

class Rewrite {
 public:
  // The new file is in `directory`. `from` must outlive the rewrite.
  static Result<std::unique_ptr<Rewrite>> Begin(SegmentWriter& from, const std::string& directory);

  // Passes over at most so many records, and copies the live ones. Returns whether there are no more. Before that,
  // makes memory for cells, some of it for each 256 records. After an error the rewrite must be given up.
  Result<bool> Copy(uint32_t records);

  // To be called after `from.Remove()`.
  void Remove(uint32_t number) { to_->Remove(number); }

  // Copies the cells. Without `keeps_counts`, because the counts are in the archive, counts begin at zero; gauges keep their
  // values. Returns the new segment. To be called when there are no more records, and in one step with Replace().
  std::unique_ptr<SegmentWriter> Finish(bool keeps_counts);

 private:
  Rewrite(SegmentWriter& from, std::unique_ptr<SegmentWriter> to) : from_(from), to_(std::move(to)) {}

  std::optional<SystemError> CopyRecord(const RecordRef& record);
  std::optional<SystemError> CopySeries(const RecordRef& record);
  template <typename Record>
  std::optional<SystemError> CopyPart(const RecordRef& record);
  uint64_t NewOffset(uint64_t file_offset) const { return to_->FileOffset(from_.CellsAt(file_offset)); }
  void ForgetCounts();

  SegmentWriter& from_;
  std::unique_ptr<SegmentWriter> to_;
  uint32_t waited_ = 0;  // records for which no memory was made yet
  RecordLocation position_;
  // A family that was registered again comes after its series, so a first pass copies the families.
  bool copies_families_ = true;
  size_t families_end_ = 0;                // records that the first pass has seen
  std::vector<std::vector<bool>> series_;  // by extent: the cells at which copied series begin
};

}  // namespace prom
