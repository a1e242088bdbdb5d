// The only writer of a segment: appends records, allocates cells, and grows the file in chunks that never move.
//
// All calls come from the owner's thread, except Read(), which may come from the thread of a scrape. None of them is on the
// path of counting, which is a plain store into a cell. A call that fails has changed nothing that a reader can see.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "files/owner.h"
#include "format/layout.h"
#include "format/record.h"
#include "segment/mapping.h"

namespace prom {

// Adjacent cells: `index` counts doubles from the start of V extent number `extent`.
struct CellRange {
  uint32_t extent = 0;
  uint32_t index = 0;
  uint64_t file_offset = 0;
};

// A V extent. A holder of the mapping keeps the memory beyond the life of the writer.
struct CellExtent {
  std::shared_ptr<Mapping> mapping;
  double* data = nullptr;
  uint64_t length = 0;  // in bytes
  uint64_t file_offset = 0;
  Pages pages{};
  uint64_t used = 0;       // cells that are allocated
  bool is_vacant = false;  // has no room in the next file, and takes no cells any more
};

// A record of the stream. Records are known by numbers, which a rewrite does not change.
struct RecordRef {
  uint32_t number;
  bool is_live;
  layout::RecordType type;
  std::span<const uint8_t> body;  // with its padding
};

// A place between two records of a stream.
struct RecordLocation {
  size_t extent = 0;
  uint64_t offset = 0;  // in the extent
  size_t records = 0;   // before it
};

class SegmentWriter : public ByteSource {
 public:
  using Created = Result<std::unique_ptr<SegmentWriter>>;

  // A new segment in a file of `directory`, which must exist, or in memory of this process if `directory` is empty. The file
  // has a temporary name, which goes with the writer unless Rename() gives it another one. `max_bytes` bounds the file.
  static Created Create(const std::string& directory, const OwnerIdentity& owner, uint64_t max_bytes);
  // A new segment of the same owner and with the same limits, for the records and cells of this one.
  Created CreateSuccessor(const std::string& directory) const;
  ~SegmentWriter() override;

  // Appends and publishes a record. Returns its number, which may be that of a record that was removed.
  Result<uint32_t> Append(layout::RecordType type, std::span<const uint8_t> body);
  // Marks a record as removed. Its bytes stay, as garbage.
  void Remove(uint32_t number);
  // The next record, live or removed; moves the position behind it. None at the end of the stream.
  std::optional<RecordRef> Next(RecordLocation& position) const;
  // Bytes of removed records if they are more than half of the record stream, else 0.
  uint64_t garbage_bytes() const { return 2 * removed_bytes_ > records_end_ ? removed_bytes_ : 0; }

  // Allocates `count` adjacent cells, all zero.
  Result<CellRange> AllocateCells(uint32_t count);
  // The record of the cells must have been removed.
  void FreeCells(const CellRange& range, uint32_t count);
  // Cells of this segment, by their offset in the file.
  CellRange CellsAt(uint64_t file_offset) const;
  double* Data(const CellRange& range) const { return cell_extents_[range.extent].data + range.index; }

  size_t extent_count() const { return cell_extents_.size(); }
  const CellExtent& extent(size_t i) const { return cell_extents_[i]; }
  // Where cells of this segment are in the file now.
  uint64_t FileOffset(const CellRange& range) const {
    return cell_extents_[range.extent].file_offset + uint64_t{range.index} * sizeof(double);
  }

  // From here on the file does not grow beyond the point where all files of its directory have so many bytes.
  void LimitGroup(uint64_t bytes) { max_group_bytes_ = bytes; }

  // Empty and -1 in memory. After Close() and Retire() the descriptor is -1.
  const std::string& path() const { return path_; }
  std::string directory() const { return path_.substr(0, path_.rfind('/')); }
  int fd() const { return fd_.get(); }

  // Gives the file the name that readers see. Without `replaces` no other file has the name.
  std::optional<SystemError> Rename(const std::string& path, bool replaces);
  // The successor has taken the name. Removes all records if the file has a second name, so that no reader counts them
  // twice. Returns the descriptor, which holds the lock.
  UniqueFd Retire();

  // The steps of a rewrite, of a successor; `former` is the segment that it succeeds.
  //
  // Marks the extents of `former` in which no cell is allocated: they are left out.
  static void MarkVacantExtents(SegmentWriter& former);
  // Whether there are all cell extents that `former` has, with their pages.
  bool HasCellsOf(const SegmentWriter& former) const;
  // Makes some pages of the last extent present, or adds the next one, with the same length as in `former`.
  std::optional<SystemError> PrepareCells(const SegmentWriter& former);
  // Appends a record that has this number in `former`.
  std::optional<SystemError> AppendAs(uint32_t number, layout::RecordType type,
                                      std::span<const uint8_t> body);
  // Copies all cells.
  void CopyCells(const SegmentWriter& former);
  // Exchanges the addresses of the cells with `former`: views of its cells show those of this segment from now on. Done twice, all is
  // as before. After an error nothing has changed.
  std::optional<SystemError> ExchangeAddresses(SegmentWriter& former);
  // Takes over which cells and numbers are free: nothing is appended to `former` any more.
  void TakeFreeCells(SegmentWriter& former);
  // Marks the owner as closed, unlocks and closes the file.
  void Close();

  const layout::Header& header() const { return *header_; }
  layout::Header& header() { return *header_; }

  bool Read(void* to, uint64_t length, uint64_t offset) const override;

 private:
  static constexpr uint32_t kNoOffset = UINT32_MAX;

  struct Chunk {
    std::shared_ptr<Mapping> mapping;
    uint64_t offset;
  };

  struct RecordExtent {
    uint8_t* data;
    uint64_t stream_offset;
    uint64_t length;
    Pages pages;
  };

  explicit SegmentWriter(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  static Created Create(const std::string& directory, const layout::Header& identity, uint64_t max_bytes);
  // Reserves chunk 0 and fills in the header: `identity`, but with an id of its own.
  std::optional<SystemError> Begin(const layout::Header& identity);
  Result<std::shared_ptr<Mapping>> AddChunk(uint64_t length);
  std::optional<SystemError> AddExtent(layout::ExtentType type, uint64_t least);
  std::optional<SystemError> AddExtentOfLength(layout::ExtentType type, uint64_t length);
  // Appends a record and returns its place: its offset in the stream, in units of eight bytes.
  Result<uint32_t> Write(layout::RecordType type, std::span<const uint8_t> body);
  std::optional<SystemError> ExchangeAddresses(SegmentWriter& former, size_t extent);
  void PublishExtent(layout::ExtentType type, size_t index, uint64_t offset, uint64_t length);

  UniqueFd fd_;  // invalid in memory
  uint64_t max_bytes_;
  uint64_t max_group_bytes_ = UINT64_MAX;
  std::string path_;
  bool is_temporary_ = false;

  mutable std::mutex chunks_mutex_;  // for Read()
  std::vector<Chunk> chunks_;
  uint64_t file_size_ = 0;

  layout::Header* header_ = nullptr;

  std::vector<RecordExtent> record_extents_;
  uint64_t records_end_ = 0;
  uint64_t removed_bytes_ = 0;
  // Deques: a vector of a million would be copied, while the event loop waits, when it grows.
  std::deque<uint32_t> offsets_;  // of each record number; kNoOffset for one that is free
  std::deque<uint32_t> order_;    // the number of each record of the stream, removed ones included
  std::deque<uint32_t> free_numbers_;

  std::vector<CellExtent> cell_extents_;
  uint64_t cells_used_ = 0;                                         // bytes of the last V extent
  std::unordered_map<uint32_t, std::deque<CellRange>> free_cells_;  // by count
};

}  // namespace prom
