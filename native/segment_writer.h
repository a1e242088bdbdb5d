// The one writer of a segment: appends records, hands out cells, grows in chunks that never move.
//
// Everything here is the cold path; counting itself is a plain store into `CellExtent::data` by whoever got the cell.
// All calls come from the owner's thread, but Read(), which a scrape may call from any. A call that fails has changed
// nothing that a reader can see.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "byte_source.h"
#include "layout.h"
#include "mapping.h"
#include "owner.h"
#include "record.h"
#include "result.h"
#include "unique_fd.h"

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

class SegmentWriter : public ByteSource {
 public:
  // Creates, locks and publishes a new segment in `directory`, which must exist. `max_bytes` bounds the file.
  static Result<std::unique_ptr<SegmentWriter>> Create(const std::string& directory,
                                                       const OwnerIdentity& owner, uint64_t max_bytes);
  // The same in memory that only this process sees: where a series goes when no file has room for it.
  static Result<std::unique_ptr<SegmentWriter>> CreatePrivate(const OwnerIdentity& owner, uint64_t max_bytes);
  ~SegmentWriter() override;

  // Appends and publishes a record; the result names it for Remove().
  Result<uint64_t> Append(layout::RecordType type, const Bytes& body);
  // Takes a record back. Readers stop believing it; its bytes stay.
  void Remove(uint64_t record);

  // `count` cells in a row, all zero.
  Result<CellRange> AllocateCells(uint32_t count);
  // The owner must not write them any more, and must have removed the record that names them.
  void FreeCells(const CellRange& range, uint32_t count);

  size_t extent_count() const { return cell_extents_.size(); }
  const CellExtent& extent(size_t i) const { return cell_extents_[i]; }

  // Tells those who cannot see our pid that we live. Call every few seconds.
  void Beat();
  // Makes the FIFO by which scrapes of others ask this owner to run its collect functions, and opens it for reading. The
  // descriptor is the caller's; the FIFO goes with Close(). Not for private segments.
  Result<int> OpenBell();
  // From here on scrapes ring it.
  void HasCollectors();
  // A run of the collect functions begins, and its number; and that run is over.
  uint64_t StartCollect();
  void FinishCollect(uint64_t run, uint64_t failures);

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

  Result<std::shared_ptr<Mapping>> AddChunk(uint64_t length);
  Result<uint32_t> AddExtent(layout::ExtentType type, uint64_t least);
  void WriteHeader(const OwnerIdentity& owner);
  void PublishExtent(layout::ExtentType type, uint32_t index, uint64_t offset, uint64_t length);

  UniqueFd fd_;  // invalid for private memory
  UniqueFd leader_fd_;
  uint64_t max_bytes_;
  std::string path_;
  std::string bell_path_;
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

  std::vector<CellExtent> cell_extents_;
  uint64_t cells_used_ = 0;  // bytes of the newest V extent
  std::unordered_map<uint32_t, std::vector<CellRange>> free_cells_;
};

}  // namespace prom
