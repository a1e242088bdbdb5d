#include "segment_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "crc32c.h"
#include "directory.h"
#include "fail_point.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::OwnerState;
using layout::RecordHeader;
using layout::RecordState;
using layout::RecordType;

// The release half of every publication: what was stored before is there for whoever loads the new value (acquire).
template <typename T>
void StoreRelease(T& at, T value) {
  FailPoint();
  std::atomic_ref<T>(at).store(value, std::memory_order_release);
}

// What a reader may load at the same time, in any order: it takes each word whole.
template <typename T>
void StoreRelaxed(T& at, T value) {
  std::atomic_ref<T>(at).store(value, std::memory_order_relaxed);
}

uint64_t RoundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

// Chunks of one type: 64 KiB twice, then doubling, so that small owners stay small and large ones need few extents.
uint64_t ChunkLength(size_t earlier, uint64_t least) {
  uint64_t length = layout::kGranule << (earlier < 2 ? 0 : std::min<size_t>(earlier - 1, 6));
  return std::max(std::min(length, layout::kMaxChunk), RoundUp(least, layout::kGranule));
}

// What bytes 0..251 of a new segment say, but for its id.
Header IdentityOf(const OwnerIdentity& owner) {
  Header header{};
  std::memcpy(header.magic, layout::kMagic, sizeof header.magic);
  header.endian_mark = layout::kEndianMark;
  header.major = layout::kMajor;
  header.minor = layout::kMinor;
  header.header_size = layout::kHeaderSize;
  header.granule = layout::kGranule;
  header.kind = static_cast<uint32_t>(layout::FileKind::kSegment);
  header.worker_thread = owner.worker_thread;
  header.pid = owner.pid;
  header.tid = owner.tid;
  header.pid_namespace = owner.pid_namespace;
  header.start_ticks = owner.start_ticks;
  std::memcpy(header.boot_id, owner.boot_id, sizeof header.boot_id);
  header.created_realtime_ns = RealtimeNs();
  header.created_boottime_ns = BoottimeNs();
  return header;
}

}  // namespace

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::Create(const std::string& directory,
                                                             const OwnerIdentity& owner, uint64_t max_bytes) {
  auto writer = InTemporaryFile(directory, IdentityOf(owner), max_bytes);
  if (!writer.ok()) return writer;
  char name[64];
  std::snprintf(name, sizeof name, "/s.%u.%u.", owner.pid, owner.tid);
  if (auto error = writer.value()->Publish(directory + name + RandomHex(), false)) return *error;
  return writer;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::CreatePrivate(const OwnerIdentity& owner,
                                                                    uint64_t max_bytes) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(UniqueFd(), max_bytes));
  if (auto error = writer->Begin(IdentityOf(owner))) return *error;
  return writer;
}

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::InTemporaryFile(const std::string& directory,
                                                                      const Header& identity,
                                                                      uint64_t max_bytes) {
  std::string path = directory + "/.t." + RandomHex();
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.valid()) return SystemError{errno, "open", path};
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(std::move(fd), max_bytes));
  writer->path_ = path;
  writer->is_temporary_ = true;
  if (auto error = writer->Begin(identity)) return *error;
  return writer;
}

std::optional<SystemError> SegmentWriter::Publish(const std::string& path, bool replaces) {
  // Locked before it is visible: a visible segment without a lock is never one whose owner is not yet that far.
  if (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return SystemError{errno, "flock", path_};
    lock_excludes_ = false;
  } else {
    lock_excludes_ = LockExcludes(AT_FDCWD, path_.c_str());
  }
  int renamed = replaces ? ::rename(path_.c_str(), path.c_str()) : RenameToNew(path_.c_str(), path.c_str());
  if (renamed != 0) return SystemError{errno, "rename", path};
  path_ = path;
  is_temporary_ = false;
  return std::nullopt;
}

SegmentWriter::~SegmentWriter() {
  if (is_temporary_) ::unlink(path_.c_str());
  Close();
  // JavaScript gives its views back at leisure, and each would keep the whole deleted file.
  if (has_moved_)
    for (const CellExtent& extent : cell_extents_) extent.mapping->Vacate();
}

Result<std::shared_ptr<Mapping>> SegmentWriter::AddChunk(uint64_t length) {
  if (file_size_ + length > max_bytes_) return SystemError{EFBIG, "fallocate", path_};
  bool limited = max_group_bytes_ != UINT64_MAX && !path_.empty();
  if (limited && BytesIn(path_.substr(0, path_.rfind('/'))) + length > max_group_bytes_) {
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
  if (::getrandom(header_->segment_id, sizeof header_->segment_id, 0) < 0) {
    uint64_t now[2] = {RealtimeNs(), BoottimeNs() ^ (uint64_t{identity.pid} << 32 | identity.tid)};
    std::memcpy(header_->segment_id, now, sizeof now);
  }
  // A move goes on where another file began; whoever begins is the first.
  const uint8_t none[sizeof header_->first_id] = {};
  if (std::memcmp(header_->first_id, none, sizeof none) == 0) {
    std::memcpy(header_->first_id, header_->segment_id, sizeof header_->first_id);
  }
  header_->header_crc = Crc32c(header_, offsetof(Header, header_crc));
  Beat();

  uint64_t records_length = layout::kFirstCellsOffset - layout::kFirstRecordsOffset;
  uint64_t cells_length = layout::kGranule - layout::kFirstCellsOffset;
  record_extents_.push_back({base + layout::kFirstRecordsOffset, 0, records_length});
  cell_extents_.push_back({first.value(), reinterpret_cast<double*>(base + layout::kFirstCellsOffset),
                           cells_length, layout::kFirstCellsOffset});
  PublishExtent(ExtentType::kRecords, 0, layout::kFirstRecordsOffset, records_length);
  PublishExtent(ExtentType::kCells, 0, layout::kFirstCellsOffset, cells_length);
  header_->state = static_cast<uint32_t>(OwnerState::kActive);
  return std::nullopt;
}

void SegmentWriter::PublishExtent(ExtentType type, uint32_t index, uint64_t offset, uint64_t length) {
  uint32_t count = header_->extent_count;
  // Readers copy the whole table, also what is not in it yet.
  layout::Extent& extent = header_->extents[count];
  StoreRelaxed(extent.offset, offset);
  StoreRelaxed(extent.length, length);
  StoreRelaxed(extent.type, static_cast<uint32_t>(type));
  StoreRelaxed(extent.index, index);
  StoreRelease(header_->extent_count, count + 1);
}

Result<uint32_t> SegmentWriter::AddExtent(ExtentType type, uint64_t least) {
  if (header_->extent_count >= layout::kMaxExtents) return SystemError{EFBIG, "fallocate", path_};
  bool records = type == ExtentType::kRecords;
  size_t earlier = records ? record_extents_.size() : cell_extents_.size();
  uint64_t offset = file_size_;
  auto mapping = AddChunk(ChunkLength(earlier, least));
  if (!mapping.ok()) return mapping.error();
  uint64_t length = mapping.value()->length();
  auto index = static_cast<uint32_t>(earlier);
  if (records) {
    const RecordExtent& last = record_extents_.back();
    record_extents_.push_back({mapping.value()->data(), last.stream_offset + last.length, length});
    // The mapping is kept by chunks_; records are never handed out.
  } else {
    cell_extents_.push_back(
        {mapping.value(), reinterpret_cast<double*>(mapping.value()->data()), length, offset});
    cells_used_ = 0;
  }
  PublishExtent(type, index, offset, length);
  return index;
}

Result<uint64_t> SegmentWriter::Append(RecordType type, const Bytes& body) {
  uint64_t length = RoundUp(layout::kRecordHeaderSize + body.size(), layout::kRecordAlignment);
  if (length > layout::kMaxRecord) return SystemError{E2BIG, "append", path_};
  RecordExtent* extent = &record_extents_.back();
  uint64_t used = records_end_ - extent->stream_offset;
  uint64_t left = extent->length - used;
  uint64_t skipped = 0;
  if (length > left) {
    auto added = AddExtent(ExtentType::kRecords, length);
    if (!added.ok()) return added.error();
    RecordExtent& before = record_extents_[record_extents_.size() - 2];
    if (left >= layout::kRecordHeaderSize) {
      RecordHeader skip{static_cast<uint32_t>(left), static_cast<uint16_t>(RecordType::kSkip), 0, 0,
                        static_cast<uint32_t>(RecordState::kLive)};
      skip.crc = RecordCrc(skip, before.data + used + sizeof skip);  // nobody has written there: zeros
      std::memcpy(before.data + used, &skip, sizeof skip);
    }
    extent = &record_extents_.back();
    skipped = left;
    used = 0;
  }
  Bytes padded(length - layout::kRecordHeaderSize);
  if (!body.empty()) std::memcpy(padded.data(), body.data(), body.size());
  RecordHeader head{static_cast<uint32_t>(length), static_cast<uint16_t>(type), 0, 0,
                    static_cast<uint32_t>(RecordState::kLive)};
  head.crc = RecordCrc(head, padded.data());
  uint8_t* at = extent->data + used;
  std::memcpy(at, &head, sizeof head);
  std::memcpy(at + sizeof head, padded.data(), padded.size());
  uint64_t record = records_end_ + skipped;
  records_end_ = record + length;
  StoreRelease(header_->records_end, records_end_);
  return record;
}

void SegmentWriter::Remove(uint64_t record) {
  auto after = std::upper_bound(
      record_extents_.begin(), record_extents_.end(), record,
      [](uint64_t value, const RecordExtent& extent) { return value < extent.stream_offset; });
  const RecordExtent& extent = *std::prev(after);
  auto* head = reinterpret_cast<RecordHeader*>(extent.data + (record - extent.stream_offset));
  removed_bytes_ += head->length;
  StoreRelaxed(head->state, static_cast<uint32_t>(RecordState::kRemoved));
  // A reader compares this before and after it read the cells; see SegmentReader::ReadValues.
  StoreRelease(header_->removals, header_->removals + 1);
}

Result<CellRange> SegmentWriter::AllocateCells(uint32_t count) {
  auto free = free_cells_.find(count);
  if (free != free_cells_.end() && !free->second.empty()) {
    CellRange range = free->second.back();
    free->second.pop_back();
    // Zeroed only now, after `removals` was bumped, so that a reader never takes the zeros for the old series' value.
    double* cells = cell_extents_[range.extent].data + range.index;
    for (uint32_t i = 0; i < count; i++) StoreRelaxed(cells[i], 0.0);
    return range;
  }
  uint64_t bytes = uint64_t{count} * sizeof(double);
  if (bytes > layout::kMaxChunk) return SystemError{E2BIG, "allocate", path_};
  if (bytes > cell_extents_.back().length - cells_used_) {
    auto added = AddExtent(ExtentType::kCells, bytes);
    if (!added.ok()) return added.error();
  }
  const CellExtent& extent = cell_extents_.back();
  CellRange range{static_cast<uint32_t>(cell_extents_.size() - 1),
                  static_cast<uint32_t>(cells_used_ / sizeof(double)), extent.file_offset + cells_used_};
  cells_used_ += bytes;
  return range;
}

void SegmentWriter::FreeCells(const CellRange& range, uint32_t count) { free_cells_[count].push_back(range); }

bool SegmentWriter::IsThere() const {
  struct stat named {};
  // What may not be looked at now may be there all the same.
  bool unknown = ::lstat(path_.c_str(), &named) != 0 && errno != ENOENT && errno != ENOTDIR;
  return !fd_.valid() || unknown || IsStillThere(AT_FDCWD, path_.c_str(), fd_.get());
}

bool SegmentWriter::BellIsThere() const {
  struct stat named {};
  return bell_path_.empty() || ::lstat(bell_path_.c_str(), &named) == 0 || errno != ENOENT;
}

void SegmentWriter::Beat() {
  former_fd_.reset();
  StoreRelaxed(header_->heartbeat_boottime_ns, BoottimeNs());
  StoreRelaxed(header_->heartbeat_realtime_ns, RealtimeNs());
}

Result<int> SegmentWriter::OpenBell() {
  std::string path = BellPath(path_);
  ::unlink(path.c_str());
  if (::mkfifo(path.c_str(), 0600) != 0) return SystemError{errno, "mkfifo", path};
  // Open for writing too: with no writer left, a reader would find the end of the file again and again.
  int fd = ::open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) {
    SystemError error{errno, "open", path};
    ::unlink(path.c_str());
    return error;
  }
  bell_path_ = path;
  if (header_->bell == 0) StoreRelease(header_->bell, static_cast<uint32_t>(layout::Bell::kListens));
  return fd;
}

void SegmentWriter::HasCollectors() {
  if (header_->bell != 0) StoreRelease(header_->bell, static_cast<uint32_t>(layout::Bell::kCollects));
}

uint64_t SegmentWriter::StartCollect() {
  uint64_t run = header_->collects_started + 1;
  StoreRelease(header_->collects_started, run);
  return run;
}

void SegmentWriter::FinishCollect(uint64_t run, uint64_t failures) {
  StoreRelaxed(header_->collect_failures, header_->collect_failures + failures);
  // After what the functions stored: whoever sees the number (acquire) reads their values.
  StoreRelease(header_->collects_finished, run);
}

void SegmentWriter::CountDrops(uint64_t series, uint64_t updates) {
  StoreRelaxed(header_->dropped_series, header_->dropped_series + series);
  StoreRelaxed(header_->dropped_updates, header_->dropped_updates + updates);
}

void SegmentWriter::CountFoldFailure() { StoreRelaxed(header_->fold_failures, header_->fold_failures + 1); }

bool SegmentWriter::Lead() {
  if (path_.empty()) return true;
  std::string path = path_.substr(0, path_.rfind('/')) + "/leader";
  if (leader_fd_.valid() && IsStillThere(AT_FDCWD, path.c_str(), leader_fd_.get())) return true;
  leader_fd_.reset();  // of a file that was deleted: who locks the next one is the leader
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  // What cannot be opened cannot be locked by anybody: rather several leaders than none.
  if (!fd.valid()) return true;
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) return false;
  leader_fd_ = std::move(fd);
  return true;
}

void SegmentWriter::Close() {
  if (!fd_.valid()) return;
  leader_fd_.reset();
  former_fd_.reset();
  if (!bell_path_.empty()) ::unlink(bell_path_.c_str());
  if (header_ != nullptr) StoreRelease(header_->state, static_cast<uint32_t>(OwnerState::kClosed));
  // Explicitly: as long as a mapping is left, closing the descriptor alone keeps the lock.
  ::flock(fd_.get(), LOCK_UN);
  fd_.reset();
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
    // Word by word where it is aligned: the owner may be storing doubles meanwhile. Each load is the acquire of a StoreRelease:
    // what the word publishes is there for the next Read().
    uint64_t done = 0;
    if ((at | reinterpret_cast<uintptr_t>(out)) % 8 == 0) {
      for (; done + 8 <= part; done += 8) {
        auto* word = reinterpret_cast<uint64_t*>(mapping->data() + at + done);
        uint64_t value = std::atomic_ref<uint64_t>(*word).load(std::memory_order_acquire);
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
