// The one writer of a segment: appends records, hands out cells, grows in chunks that never move.
//
// Everything here is the cold path; counting itself is a plain store into `CellExtent::data` by whoever got the cell.
// All calls come from the owner's thread, but Read(), which a scrape may call from any. A call that fails has changed
// nothing that a reader can see.
//
// Move() (segment_move.cc) is how a segment gets rid of its waste, and how it comes back when its file was deleted. What
// the owner tells of itself and hears from others, from IsThere() to Lead(), is in segment_owner.cc.
#pragma once

#include <cstdint>
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

// Cells in a row: `index` counts doubles from the start of V extent number `extent`.
struct CellRange {
  uint32_t extent = 0;
  uint32_t index = 0;
  uint64_t file_offset = 0;
};

// A V extent as its owner uses it. The mapping outlives the writer while somebody holds it.
struct CellExtent {
  std::shared_ptr<Mapping> mapping;
  double* data = nullptr;
  uint64_t length = 0;  // in bytes
  uint64_t file_offset = 0;
};

// A live record that went along in a move: its old and its new name, and its new cells if it has some.
struct MovedRecord {
  uint64_t from;
  uint64_t to;
  CellRange cells;
};

class SegmentWriter : public ByteSource {
 public:
  // Creates, locks and publishes a new segment in `directory`, which must exist. `max_bytes` bounds the file.
  static Result<std::unique_ptr<SegmentWriter>> Create(const std::string& directory,
                                                       const OwnerIdentity& owner, uint64_t max_bytes);
  // The same in memory that only this process sees: where a series goes when no file has room for it.
  static Result<std::unique_ptr<SegmentWriter>> CreatePrivate(const OwnerIdentity& owner, uint64_t max_bytes);
  ~SegmentWriter() override;

  // Appends and publishes a record; the result names it for Remove().
  Result<uint64_t> Append(layout::RecordType type, std::span<const uint8_t> body);
  // Takes a record back. Readers stop believing it; its bytes stay.
  void Remove(uint64_t record);
  // Bytes of the records that were taken back, if they are more than half of the stream, else 0.
  uint64_t waste() const { return 2 * removed_bytes_ > records_end_ ? removed_bytes_ : 0; }

  // `count` cells in a row, all zero.
  Result<CellRange> AllocateCells(uint32_t count);
  // The owner must not write them any more, and must have removed the record that names them.
  void FreeCells(const CellRange& range, uint32_t count);

  // Cells of this segment, by where they are in the file.
  CellRange CellsAt(uint64_t file_offset) const;

  size_t extent_count() const { return cell_extents_.size(); }
  const CellExtent& extent(size_t i) const { return cell_extents_[i]; }

  // Writes all that is live into a new file, with another id but the same identity else, and puts it in the place of this
  // one by its name; the directory must exist. The result is the new writer, which takes this one's bell and lead; this
  // one is of no use then but to those who hold it. `moved` gets the live records in the order of their old names.
  // `keeps_counts` is false when the numbers are in the archive: what was counted then begins at zero, what was set stays.
  Result<std::unique_ptr<SegmentWriter>> Move(bool keeps_counts, std::vector<MovedRecord>* moved);

  // Whether the name still means this file, and whether the bell is still there, if it was opened.
  bool IsThere() const;
  bool BellIsThere() const;

  // Tells those who cannot see our pid that we live. Call every few seconds.
  void Beat();
  // Makes the FIFO by which scrapes of others ask this owner to run its collect functions, in the place of the one that
  // there was, and opens it for reading. The descriptor is the caller's; the FIFO goes with Close(). Not for private
  // segments.
  Result<int> OpenBell();
  // From here on scrapes ring it.
  void HasCollectors();
  // A run of the collect functions begins, and its number; and that run is over.
  uint64_t StartCollect();
  void FinishCollect(uint64_t run, uint64_t failures);

  // From here on the file does not grow beyond the point where all files of its directory take so many bytes.
  void LimitGroup(uint64_t bytes) { max_group_bytes_ = bytes; }

  // What the self-metrics tell of this owner.
  void CountDrops(uint64_t series, uint64_t updates);
  void CountFoldFailure();

  // Whether this owner is its group's leader: the one that does what must be done once. There is at most one, for as long
  // as it lives, and whoever asks first after its death is the next.
  bool Lead();

  // Says that the owner is gone and gives up the lock. The cells stay mapped for their holders.
  void Close();

  const std::string& path() const { return path_; }
  const layout::Header& header() const { return *header_; }
  // False where the start-up test showed that flock does not exclude on this file system.
  bool lock_excludes() const { return lock_excludes_; }

  bool Read(void* to, uint64_t length, uint64_t offset) const override;

 private:
  struct Chunk {
    std::shared_ptr<Mapping> mapping;
    uint64_t offset;
  };

  SegmentWriter(UniqueFd fd, uint64_t max_bytes) : fd_(std::move(fd)), max_bytes_(max_bytes) {}

  std::string Directory() const { return path_.substr(0, path_.rfind('/')); }
  // A new segment that nobody knows yet, in a file that goes with the writer unless Publish() gives it a name.
  static Result<std::unique_ptr<SegmentWriter>> InTemporaryFile(const std::string& directory,
                                                                const layout::Header& identity,
                                                                uint64_t max_bytes);
  // Reserves chunk 0 and fills in the header: `identity`, but with an id of its own. The error, if there is one.
  std::optional<SystemError> Begin(const layout::Header& identity);
  // Takes the lock, then the name.
  std::optional<SystemError> Publish(const std::string& path, bool replaces);
  layout::RecordHeader* Head(uint64_t record) const;
  Result<std::shared_ptr<Mapping>> AddChunk(uint64_t length);
  Result<uint32_t> AddExtent(layout::ExtentType type, uint64_t least);
  std::optional<SystemError> CopyRecords(bool keeps_counts, SegmentWriter& to,
                                         std::vector<MovedRecord>* moved) const;
  void PublishExtent(layout::ExtentType type, uint32_t index, uint64_t offset, uint64_t length);

  UniqueFd fd_;  // invalid for private memory
  UniqueFd leader_fd_;
  // The file before the last move, locked until the next beat: who has opened it meanwhile must not find it dead.
  UniqueFd former_fd_;
  uint64_t max_bytes_;
  uint64_t max_group_bytes_ = UINT64_MAX;
  std::string path_;
  bool is_temporary_ = false;
  bool has_moved_ = false;
  std::string wakeup_path_;
  bool lock_excludes_ = true;

  mutable std::mutex chunks_mutex_;  // Read() may come from another thread while a chunk is added
  std::vector<Chunk> chunks_;
  uint64_t file_size_ = 0;

  layout::Header* header_ = nullptr;

  // The record stream: where the current D extent starts in the stream, and what of it is in use.
  struct RecordExtent {
    uint8_t* data;
    uint64_t stream_offset;
    uint64_t length;
  };
  std::vector<RecordExtent> record_extents_;
  uint64_t records_end_ = 0;
  uint64_t removed_bytes_ = 0;

  std::vector<CellExtent> cell_extents_;
  uint64_t cells_used_ = 0;  // bytes of the newest V extent
  std::unordered_map<uint32_t, std::vector<CellRange>> free_cells_;
};

}  // namespace prom
