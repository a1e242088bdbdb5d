#include "segment/segment_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "files/directory.h"
#include "format/publication.h"
#include "format/record.h"
#include "platform/atomic.h"
#include "platform/clock.h"
#include "platform/storage.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::OwnerState;
using layout::RecordHeader;
using layout::RecordState;
using layout::RecordType;

uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

// Chunks of one type: 64 KiB twice, then doubling up to 1 MiB, and 4 MiB, which takes the event loop about a millisecond, after the
// first 24. So small segments stay small and large ones have few extents.
uint64_t ChunkLength(size_t earlier, uint64_t least) {
  uint64_t length = layout::kMaxChunk;
  if (earlier < 24) length = layout::kGranule << (earlier < 2 ? 0 : std::min<size_t>(earlier - 1, 4));
  return std::max(length, RoundUp(least, layout::kGranule));
}

// Bytes 0..251 of a new segment, without the id.
Header IdentityOf(const OwnerIdentity& owner) {
  Header header{};
  StampFormat(header, layout::FileKind::kSegment);
  header.worker_thread = owner.worker_thread;
  header.pid = owner.pid;
  header.tid = owner.tid;
  header.pid_namespace = owner.pid_namespace;
  header.start_ticks = owner.start_ticks;
  header.boot_id = owner.boot_id;
  header.created_realtime_ns = RealtimeNs();
  header.created_boottime_ns = BoottimeNs();
  return header;
}

}  // namespace

SegmentWriter::Created SegmentWriter::Create(const std::string& directory, const OwnerIdentity& owner,
                                             uint64_t max_bytes) {
  return Create(directory, IdentityOf(owner), max_bytes);
}

SegmentWriter::Created SegmentWriter::CreateSuccessor(const std::string& directory) const {
  auto next = Create(directory, *header_, max_bytes_);
  if (next.ok()) next.value()->max_group_bytes_ = max_group_bytes_;
  return next;
}

SegmentWriter::Created SegmentWriter::Create(const std::string& directory, const Header& identity,
                                             uint64_t max_bytes) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(max_bytes));
  if (!directory.empty()) {
    std::string name = ".t." + RandomHex();
    writer->path_ = directory + '/' + name;
    UniqueFd parent = OpenDirectory(directory);
    if (!parent.valid()) return SystemError{errno, "open", directory};
    constexpr int kFlags = O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    writer->fd_ = UniqueFd(::openat(parent.get(), name.c_str(), kFlags, 0600));
    if (!writer->fd_.valid()) return SystemError{errno, "open", writer->path_};
    writer->is_temporary_ = true;
  }
  if (auto error = writer->Begin(identity)) return *error;
  return writer;
}

std::optional<SystemError> SegmentWriter::Rename(const std::string& path, bool replaces) {
  int renamed = replaces ? ::rename(path_.c_str(), path.c_str()) : RenameToNew(path_.c_str(), path.c_str());
  if (renamed != 0) return SystemError{errno, "rename", path};
  path_ = path;
  is_temporary_ = false;
  return std::nullopt;
}

UniqueFd SegmentWriter::Retire() {
  struct stat status {};
  if (::fstat(fd_.get(), &status) == 0 && status.st_nlink > 0) {
    RecordLocation position;
    while (auto record = Next(position)) {
      if (record->is_live) Remove(record->number);
    }
  }
  return std::move(fd_);
}

void SegmentWriter::Close() {
  if (!fd_.valid()) return;
  StoreRelease(header_->state, static_cast<uint32_t>(OwnerState::kClosed));
  // Closing the descriptor does not unlock the file while a mapping of it is left.
  ::flock(fd_.get(), LOCK_UN);
  fd_.reset();
}

SegmentWriter::~SegmentWriter() {
  if (is_temporary_) ::unlink(path_.c_str());
}

Result<std::shared_ptr<Mapping>> SegmentWriter::AddChunk(uint64_t length) {
  if (file_size_ + length > max_bytes_) return SystemError{EFBIG, "fallocate", path_};
  bool limited = max_group_bytes_ != UINT64_MAX && !path_.empty();
  if (limited && BytesIn(directory()) + length > max_group_bytes_) {
    return SystemError{EDQUOT, "fallocate", path_};
  }
  auto mapping =
      fd_.valid() ? Mapping::OfFile(fd_.get(), file_size_, length, path_) : Mapping::Anonymous(length);
  if (!mapping.ok()) return mapping;
  std::lock_guard lock(chunks_mutex_);
  chunks_.push_back({mapping.value(), file_size_});
  file_size_ += length;
  return mapping;
}

std::optional<SystemError> SegmentWriter::Begin(const Header& identity) {
  auto first = AddChunk(layout::kGranule);
  if (!first.ok()) return first.error();
  uint8_t* base = first.value()->data();
  header_ = reinterpret_cast<Header*>(base);
  std::memcpy(header_, &identity, offsetof(Header, header_crc));
  header_->segment_id = NewSegmentId(identity.pid, identity.tid);
  // A successor has the id of the first file already.
  if (header_->first_id == SegmentId{}) header_->first_id = header_->segment_id;
  header_->header_crc = HeaderCrc(*header_);

  PopulatePages(base, layout::kGranule);
  uint64_t records_length = layout::kFirstCellsOffset - layout::kFirstRecordsOffset;
  uint64_t cells_length = layout::kGranule - layout::kFirstCellsOffset;
  record_extents_.push_back({base + layout::kFirstRecordsOffset, 0, records_length, {}});
  cell_extents_.push_back({first.value(), reinterpret_cast<double*>(base + layout::kFirstCellsOffset),
                           cells_length, layout::kFirstCellsOffset});
  PublishExtent(ExtentType::kRecords, 0, layout::kFirstRecordsOffset, records_length);
  PublishExtent(ExtentType::kCells, 0, layout::kFirstCellsOffset, cells_length);
  header_->state = static_cast<uint32_t>(OwnerState::kActive);
  return std::nullopt;
}

void SegmentWriter::PublishExtent(ExtentType type, size_t index, uint64_t offset, uint64_t length) {
  uint32_t count = header_->extent_count;
  // Readers copy the whole table, with the entries that are not published yet.
  layout::Extent& extent = header_->extents[count];
  StoreRelaxed(extent.offset, offset);
  StoreRelaxed(extent.length, length);
  StoreRelaxed(extent.type, static_cast<uint32_t>(type));
  StoreRelaxed(extent.index, static_cast<uint32_t>(index));
  StoreRelease(header_->extent_count, count + 1);
}

std::optional<SystemError> SegmentWriter::AddExtent(ExtentType type, uint64_t least) {
  size_t earlier = type == ExtentType::kRecords ? record_extents_.size() : cell_extents_.size();
  return AddExtentOfLength(type, ChunkLength(earlier, least));
}

std::optional<SystemError> SegmentWriter::AddExtentOfLength(ExtentType type, uint64_t length) {
  if (header_->extent_count >= layout::kMaxExtents) return SystemError{EFBIG, "fallocate", path_};
  bool records = type == ExtentType::kRecords;
  size_t index = records ? record_extents_.size() : cell_extents_.size();
  uint64_t offset = file_size_;
  auto mapping = AddChunk(length);
  if (!mapping.ok()) return mapping.error();
  uint8_t* data = mapping.value()->data();
  if (records) {
    const RecordExtent& last = record_extents_.back();
    record_extents_.push_back({data, last.stream_offset + last.length, length, {data, length}});
  } else {
    auto* cells = reinterpret_cast<double*>(data);
    cell_extents_.push_back({mapping.value(), cells, length, offset, {data, length}});
    cells_used_ = 0;
  }
  PublishExtent(type, index, offset, length);
  return std::nullopt;
}

Result<uint32_t> SegmentWriter::Write(RecordType type, std::span<const uint8_t> body) {
  uint64_t length = RecordLength(body);
  if (length > (path_.empty() ? layout::kMaxPrivateRecord : layout::kMaxRecord))
    return SystemError{E2BIG, "append", path_};
  RecordExtent extent = record_extents_.back();
  uint64_t record = records_end_;
  uint64_t left = extent.stream_offset + extent.length - record;
  if (length > left) {
    if (auto error = AddExtent(ExtentType::kRecords, length)) return *error;
    if (left >= layout::kRecordHeaderSize) {
      WriteRecord(extent.data + extent.length - left, RecordType::kSkip, left, {});
    }
    extent = record_extents_.back();
    record = extent.stream_offset;
  }
  record_extents_.back().pages.Populate(record - extent.stream_offset + length);
  WriteRecord(extent.data + (record - extent.stream_offset), type, length, body);
  records_end_ = record + length;
  StoreRelease(header_->records_end, records_end_);
  return static_cast<uint32_t>(record / layout::kRecordAlignment);
}

Result<uint32_t> SegmentWriter::Append(RecordType type, std::span<const uint8_t> body) {
  auto place = Write(type, body);
  if (!place.ok()) return place;
  auto number = static_cast<uint32_t>(offsets_.size());
  if (free_numbers_.empty()) {
    offsets_.push_back(place.value());
  } else {
    number = free_numbers_.back();
    free_numbers_.pop_back();
    offsets_[number] = place.value();
  }
  order_.push_back(number);
  return number;
}

void SegmentWriter::Remove(uint32_t number) {
  if (number >= offsets_.size() || offsets_[number] == kNoOffset) return;
  uint64_t record = uint64_t{offsets_[number]} * layout::kRecordAlignment;
  auto after = std::upper_bound(
      record_extents_.begin(), record_extents_.end(), record,
      [](uint64_t value, const RecordExtent& extent) { return value < extent.stream_offset; });
  const RecordExtent& extent = *std::prev(after);
  auto* head = reinterpret_cast<RecordHeader*>(extent.data + (record - extent.stream_offset));
  removed_bytes_ += head->length;
  offsets_[number] = kNoOffset;
  free_numbers_.push_back(number);
  StoreRelaxed(head->state, static_cast<uint32_t>(RecordState::kRemoved));
  // A reader compares this before and after it read the cells; see SegmentReader::ReadValues.
  StoreRelease(header_->removals, header_->removals + 1);
}

std::optional<RecordRef> SegmentWriter::Next(RecordLocation& position) const {
  while (position.extent < record_extents_.size()) {
    const RecordExtent& extent = record_extents_[position.extent];
    uint64_t used = std::min(extent.length, records_end_ - std::min(records_end_, extent.stream_offset));
    if (used - position.offset < layout::kRecordHeaderSize) {
      if (position.extent + 1 == record_extents_.size()) return std::nullopt;
      position.extent++;
      position.offset = 0;
      continue;
    }
    const auto* head = reinterpret_cast<const RecordHeader*>(extent.data + position.offset);
    position.offset += head->length;
    auto type = static_cast<RecordType>(head->type);
    if (type == RecordType::kSkip) continue;
    auto* body = reinterpret_cast<const uint8_t*>(head + 1);
    bool is_live = head->state == static_cast<uint32_t>(RecordState::kLive);
    return RecordRef{order_[position.records++], is_live, type, {body, head->length - sizeof *head}};
  }
  return std::nullopt;
}

Result<CellRange> SegmentWriter::AllocateCells(uint32_t count) {
  auto free = free_cells_.find(count);
  while (free != free_cells_.end() && !free->second.empty()) {
    CellRange range = free->second.back();
    free->second.pop_back();
    CellExtent& extent = cell_extents_[range.extent];
    if (extent.is_vacant) continue;
    extent.used += count;
    range.file_offset = FileOffset(range);
    // After the change of `removals`: a reader never takes the zeros, or the values after them, for those of the removed series.
    ReleaseFence();
    for (uint32_t i = 0; i < count; i++) StoreRelaxed(Data(range)[i], 0.0);
    return range;
  }
  uint64_t bytes = uint64_t{count} * sizeof(double);
  if (bytes > layout::kMaxChunk) return SystemError{E2BIG, "allocate", path_};
  if (bytes > cell_extents_.back().length - cells_used_) {
    if (auto error = AddExtent(ExtentType::kCells, bytes)) return *error;
  }
  CellExtent& extent = cell_extents_.back();
  extent.used += count;
  CellRange range{static_cast<uint32_t>(cell_extents_.size() - 1),
                  static_cast<uint32_t>(cells_used_ / sizeof(double)), extent.file_offset + cells_used_};
  cells_used_ += bytes;
  extent.pages.Populate(cells_used_);
  return range;
}

CellRange SegmentWriter::CellsAt(uint64_t file_offset) const {
  auto holds = [file_offset](const CellExtent& extent) {
    return !extent.is_vacant && file_offset - extent.file_offset < extent.length;
  };
  auto extent = static_cast<uint32_t>(std::find_if(cell_extents_.begin(), cell_extents_.end(), holds) -
                                      cell_extents_.begin());
  uint64_t index = (file_offset - cell_extents_[extent].file_offset) / sizeof(double);
  return {extent, static_cast<uint32_t>(index), file_offset};
}

void SegmentWriter::FreeCells(const CellRange& range, uint32_t count) {
  cell_extents_[range.extent].used -= count;
  free_cells_[count].push_back(range);
}

bool SegmentWriter::Read(void* to, uint64_t length, uint64_t offset) const {
  auto* out = static_cast<uint8_t*>(to);
  while (length > 0) {
    std::shared_ptr<Mapping> mapping;
    uint64_t at = 0;
    {
      std::lock_guard lock(chunks_mutex_);
      auto after = std::upper_bound(chunks_.begin(), chunks_.end(), offset,
                                    [](uint64_t value, const Chunk& chunk) { return value < chunk.offset; });
      if (after == chunks_.begin()) return false;
      const Chunk& chunk = *std::prev(after);
      at = offset - chunk.offset;
      if (at >= chunk.mapping->length()) return false;
      mapping = chunk.mapping;
    }
    uint64_t part = std::min(length, mapping->length() - at);
    // Word by word where the words are aligned, because the owner may be storing doubles. Each load is the acquire for a
    // StoreRelease(): the next Read() sees the bytes that the word publishes.
    uint64_t done = 0;
    if ((at | reinterpret_cast<uintptr_t>(out)) % 8 == 0) {
      for (; done + 8 <= part; done += 8) {
        auto* word = reinterpret_cast<uint64_t*>(mapping->data() + at + done);
        uint64_t value = AtomicLoadAcquire(*word);
        std::memcpy(out + done, &value, 8);
      }
    }
    std::memcpy(out + done, mapping->data() + at + done, part - done);
    out += part;
    offset += part;
    length -= part;
  }
  return true;
}

}  // namespace prom
