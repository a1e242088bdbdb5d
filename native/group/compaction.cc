#include "group/compaction.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "files/directory.h"
#include "group/archive.h"
#include "platform/clock.h"
#include "platform/listing.h"
#include "platform/storage.h"

namespace prom {
namespace {

// Dead segments whose locks are held at once.
constexpr size_t kSegmentsOfCommit = 64;
// An unlocked temporary file that is older than this was left behind by a crash.
constexpr time_t kTemporarySeconds = 60;

struct DeadSegment {
  std::string name;
  UniqueFd fd;  // with the lock
  std::unique_ptr<SegmentReader> reader;
};

class Compactor {
 public:
  Compactor(const std::string& path, const OwnerIdentity& self, const CompactionTask& task)
      : path_(path), self_(self), task_(task), directory_(OpenDirectory(path)) {}

  Result<uint32_t> Run() {
    if (!directory_.valid() || !LockGroup()) return uint32_t{0};
    SweepTemporaries();
    do {
      if (!ReadArchive() || !FindDead()) break;
      bool removes = task_.removal != nullptr && archive_.present();
      if (!dead_.empty() || removes) {
        if (auto error = Commit(MakeArchive().Encode(self_))) return *error;
        compacted_ += static_cast<uint32_t>(dead_.size());
      }
      UnlinkSegments();
    } while (more_);
    return compacted_;
  }

 private:
  bool LockGroup() {
    lock_ = OpenLockFile(directory_.get(), kLockName);
    return lock_.valid() && WaitForLock(lock_.get(), LOCK_EX, task_.wait_ms) &&
           LockExcludes(directory_.get(), kLockName) && HoldsLock();
  }

  // False when the file was removed: another compactor may have locked a new one.
  bool HoldsLock() const { return NameIsCurrent(directory_.get(), kLockName, lock_.get()); }

  void SweepTemporaries() {
    std::vector<std::string> names;
    ListNames(directory_.get(), names);
    for (const std::string& name : names) {
      bool is_left = IsRequestName(name) && ::faccessat(directory_.get(), SegmentOfRequest(name).c_str(),
                                                        F_OK, AT_SYMLINK_NOFOLLOW) != 0;
      if (!IsTemporaryName(name) && !is_left) continue;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str());
      struct stat status {};
      if (!fd.valid() || ::fstat(fd.get(), &status) != 0) continue;
      auto now = static_cast<time_t>(RealtimeNs() / 1'000'000'000);
      if (now - status.st_mtime < kTemporarySeconds || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
      ::unlinkat(directory_.get(), name.c_str(), 0);
    }
  }

  // False when the ids of the compacted segments cannot be known.
  bool ReadArchive() {
    SkipReason reason = archive_.Update(directory_.get());
    bool useless =
        reason == SkipReason::kCorrupt || reason == SkipReason::kTruncated || reason == SkipReason::kForeign;
    if (useless) {
      // Its counts are lost: a scrape shows a reset. To count its segments again would show wrong numbers.
      archive_ = ArchiveFile();
      return ::renameat(directory_.get(), kArchiveName, directory_.get(), kBadArchiveName) == 0;
    }
    return reason == SkipReason::kNone;
  }

  // Collects the segments of this commit, and the leftovers of earlier ones. False when the directory cannot be read.
  bool FindDead() {
    dead_.clear();
    leftovers_.clear();
    more_ = false;
    std::vector<std::string> names;
    if (!ListNames(directory_.get(), names)) return false;
    std::sort(names.begin(), names.end());
    std::set<SegmentId> living;
    std::set<SegmentId> seen;
    for (const std::string& name : names) {
      if (!IsSegmentName(name)) continue;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str());
      FileSource source(fd.get());
      layout::Header header;
      if (!fd.valid() || !source.Read(&header, sizeof header, 0)) continue;
      const SegmentId& id = header.segment_id;
      if (archive_.HasCompacted(id)) {
        leftovers_.emplace(id, name);
        continue;
      }
      if (!LockSegment(fd.get(), name, header)) {
        living.insert(id);
        continue;
      }
      if (dead_.size() >= kSegmentsOfCommit) {
        more_ = true;
        continue;
      }
      auto reader = std::make_unique<SegmentReader>();
      bool whole = reader->Update(source) == SkipReason::kNone && !reader->is_archive() &&
                   reader->ReadValues(source) == SkipReason::kNone;
      // A segment that cannot be read stays as it is. Of a segment and its copies one counts.
      if (whole && seen.insert(id).second) dead_.push_back({name, std::move(fd), std::move(reader)});
    }
    // A dead copy of a living segment does not count.
    std::erase_if(dead_, [&](const DeadSegment& segment) {
      return living.contains(segment.reader->header().segment_id);
    });
    return true;
  }

  bool LockSegment(int fd, const std::string& name, const layout::Header& header) const {
    if (task_.keep_threads && ProcessLives(header, self_)) return false;
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0 && IsGone(OwnerEvidence(header, self_)) &&
           NameIsCurrent(directory_.get(), name.c_str(), fd);
  }

  Archive MakeArchive() {
    std::sort(dead_.begin(), dead_.end(), [](const DeadSegment& a, const DeadSegment& b) {
      return a.reader->header().created_realtime_ns < b.reader->header().created_realtime_ns;
    });
    Archive next(task_.limits, task_.now_ms);
    auto add = [&](const SegmentReader& reader, std::string instance) {
      next.Add({&reader, false, reader.header().boot_id == self_.boot_id, std::move(instance)});
    };
    if (archive_.present()) add(archive_.reader(), "");
    for (const DeadSegment& segment : dead_) {
      const layout::Header& header = segment.reader->header();
      add(*segment.reader, InstanceName(header));
      next.AddCompacted(header.segment_id);
      // It was rewritten: a reader of an earlier file must know that its counts are here.
      if (header.first_id != SegmentId{} && header.first_id != header.segment_id) {
        next.AddCompacted(header.first_id);
      }
    }
    AddEarlierIds(next);
    if (task_.removal != nullptr) next.Remove(*task_.removal);
    return next;
  }

  // Ids of files that still exist must never be forgotten. Of the others the newest ones are kept.
  void AddEarlierIds(Archive& next) const {
    if (!archive_.present()) return;
    size_t gone = 0;
    for (const SegmentId& id : archive_.reader().compacted()) {
      if (leftovers_.contains(id) || gone++ < task_.limits.compacted_ids) next.AddCompacted(id);
    }
  }

  std::optional<SystemError> Commit(const Bytes& bytes) {
    std::string temporary = ".t." + RandomHex();
    auto fail = [&](const char* call) {
      SystemError error{errno, call, path_ + '/' + temporary};
      ::unlinkat(directory_.get(), temporary.c_str(), 0);
      return error;
    };
    UniqueFd fd(::openat(directory_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail("open");
    GiveToOwner(directory_.get(), fd.get());
    if (!WriteWhole(fd.get(), bytes.data(), bytes.size())) return fail("write");
    // On a disk the archive must be durable before the segments are removed.
    if (FlushToDisk(fd.get()) != 0) return fail("fdatasync");
    if (!HoldsLock()) {
      errno = ESTALE;
      return fail("flock");
    }
    if (::renameat(directory_.get(), temporary.c_str(), directory_.get(), kArchiveName) != 0)
      return fail("rename");
    return std::nullopt;
  }

  // A segment that cannot be removed stays a leftover.
  void UnlinkSegments() {
    auto unlink = [&](const std::string& name) {
      RemoveWakeup(directory_.get(), name);
      ::unlinkat(directory_.get(), name.c_str(), 0);
    };
    for (const DeadSegment& segment : dead_) unlink(segment.name);
    for (const auto& [id, name] : leftovers_) unlink(name);
    dead_.clear();  // and with them the locks
  }

  const std::string& path_;
  const OwnerIdentity& self_;
  const CompactionTask& task_;
  UniqueFd directory_;
  UniqueFd lock_;
  ArchiveFile archive_;
  std::vector<DeadSegment> dead_;
  std::multimap<SegmentId, std::string> leftovers_;  // names of segments that are in the archive
  bool more_ = false;
  uint32_t compacted_ = 0;
};

}  // namespace

Result<uint32_t> CompactDead(const std::string& directory, const OwnerIdentity& self,
                             const CompactionTask& task) {
  return Compactor(directory, self, task).Run();
}

}  // namespace prom
