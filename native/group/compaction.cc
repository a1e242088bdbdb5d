#include "group/compaction.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "files/directory.h"
#include "group/archive.h"
#include "group/archive_file.h"
#include "group/group_files.h"
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
  layout::Header header;
  uint64_t age = 0;  // when the first of its copies was made
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
      std::unique_ptr<Archive> next = MakeArchive();
      bool removes = task_.removal != nullptr && archive_.present();
      if (!dead_.empty() || removes) {
        if (auto error = Commit(std::move(next))) return *error;
        compacted_ += static_cast<uint32_t>(dead_.size());
      }
      UnlinkSegments();
    } while (more_);
    if (found_too_large_) return SystemError{EFBIG, "compact", path_ + '/' + kArchiveName};
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
    for (const std::string& name : names) {
      if (!IsSegmentName(name) || unreadable_.contains(name)) continue;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str());
      FileSource source(fd.get());
      layout::Header header;
      if (!fd.valid() || !source.Read(&header, sizeof header, 0)) continue;
      if (archive_.HasCompacted(header)) {
        leftovers_.push_back({name, {}, header, 0});
      } else if (!LockSegment(fd.get(), name, header)) {
        living.insert(header.segment_id);
        living.insert(OriginOf(header));
      } else if (!TooLarge().contains(OriginOf(header))) {
        if (dead_.size() < kSegmentsOfCommit) {
          dead_.push_back({name, std::move(fd), header, 0});
        } else {
          more_ = true;
        }
      }
    }
    // A dead copy of a living segment does not count. Either id may be damaged, and each of them in the archive hides the segment.
    std::erase_if(dead_, [&](const DeadSegment& segment) {
      return living.contains(segment.header.segment_id) || living.contains(OriginOf(segment.header));
    });
    return true;
  }

  // The lock comes last: a scrape takes a segment with a held lock for the original and one without for a copy.
  bool LockSegment(int fd, const std::string& name, const layout::Header& header) const {
    if (task_.keep_threads && ProcessLives(header, self_)) return false;
    return IsGone(OwnerEvidence(header, self_)) && ::flock(fd, LOCK_EX | LOCK_NB) == 0 &&
           NameIsCurrent(directory_.get(), name.c_str(), fd);
  }

  // Adds up the old archive and those of the dead segments that can be read and fit. Only these stay in `dead_`.
  std::unique_ptr<Archive> MakeArchive() {
    SortDead();
    std::unique_ptr<Archive> next;
    while (next == nullptr) next = TryArchive();
    for (const DeadSegment& segment : dead_) {
      next->AddCompacted(segment.header.segment_id);
      // It was rewritten: a reader of an earlier file must know that its counts are here.
      if (OriginOf(segment.header) != segment.header.segment_id) next->AddCompacted(OriginOf(segment.header));
    }
    AddEarlierIds(*next);
    if (task_.removal != nullptr) next->Remove(*task_.removal);
    return next;
  }

  // The oldest first. Of a segment and its copies the first one that can be read counts.
  void SortDead() {
    auto rank = [](const DeadSegment& segment) {
      return RankOf(segment.header, true, IsNamedAfterOwner(segment.name, segment.header));
    };
    std::sort(dead_.begin(), dead_.end(),
              [&](const DeadSegment& a, const DeadSegment& b) { return rank(a) < rank(b); });
    const DeadSegment* first = nullptr;
    for (DeadSegment& segment : dead_) {
      if (first == nullptr || OriginOf(first->header) != OriginOf(segment.header)) first = &segment;
      segment.age = first->header.created_realtime_ns;
    }
    std::stable_sort(dead_.begin(), dead_.end(),
                     [](const DeadSegment& a, const DeadSegment& b) { return a.age < b.age; });
  }

  // Null when a segment does not fit: it is not in `dead_` any more.
  std::unique_ptr<Archive> TryArchive() {
    auto next = std::make_unique<Archive>(task_.limits, task_.now_ms);
    auto add = [&](const SegmentReader& reader, std::string instance) {
      next->Add({&reader, false, reader.header().boot_id == self_.boot_id, std::move(instance)});
    };
    if (archive_.present()) add(archive_.reader(), "");
    std::set<SegmentId> seen;
    for (auto segment = dead_.begin(); segment != dead_.end();) {
      FileSource source(segment->fd.get());
      SegmentReader reader;
      bool whole = reader.Update(source) == SkipReason::kNone && !reader.is_archive() &&
                   reader.ReadValues(source) == SkipReason::kNone;
      // A segment that cannot be read stays as it is.
      if (!whole) unreadable_.insert(segment->name);
      if (!whole || !seen.insert(OriginOf(segment->header)).second) {
        segment = dead_.erase(segment);
        continue;
      }
      add(reader, InstanceName(segment->header));
      if (!next->Fits()) {
        const SegmentId origin = OriginOf(segment->header);
        TooLarge().insert(origin);
        found_too_large_ = true;
        // With its copies: one of them in the archive would stand for it.
        std::erase_if(dead_, [&](const DeadSegment& other) { return OriginOf(other.header) == origin; });
        return nullptr;
      }
      ++segment;
    }
    return next;
  }

  std::set<SegmentId>& TooLarge() { return task_.too_large != nullptr ? *task_.too_large : too_large_; }

  // Ids of files that still exist must never be forgotten. Of the others the newest ones are kept.
  void AddEarlierIds(Archive& next) const {
    if (!archive_.present()) return;
    std::set<SegmentId> existing;
    for (const DeadSegment& leftover : leftovers_) {
      existing.insert(leftover.header.segment_id);
      existing.insert(OriginOf(leftover.header));
    }
    size_t gone = 0;
    for (const SegmentId& id : archive_.reader().compacted()) {
      if (existing.contains(id) || gone++ < task_.limits.compacted_ids) next.AddCompacted(id);
    }
  }

  std::optional<SystemError> Commit(std::unique_ptr<Archive> next) {
    std::string temporary = ".t." + RandomHex();
    auto fail = [&](const char* call) {
      SystemError error{errno, call, path_ + '/' + temporary};
      ::unlinkat(directory_.get(), temporary.c_str(), 0);
      return error;
    };
    UniqueFd fd(::openat(directory_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail("open");
    GiveToOwner(directory_.get(), fd.get());
    if (auto error = next->Write(fd.get(), self_)) {
      errno = error->code;
      return fail(error->syscall);
    }
    next.reset();
    // On a disk the archive must be durable before the segments are removed.
    if (FlushToDisk(fd.get()) != 0) return fail("fdatasync");
    // An archive that a reader refuses would hide the counts of all dead owners.
    if (ArchiveFile().Update(directory_.get(), temporary.c_str()) != SkipReason::kNone) {
      errno = EIO;
      return fail("read");
    }
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
    for (const DeadSegment& segment : leftovers_) unlink(segment.name);
    dead_.clear();  // and with them the locks
  }

  const std::string& path_;
  const OwnerIdentity& self_;
  const CompactionTask& task_;
  UniqueFd directory_;
  UniqueFd lock_;
  ArchiveFile archive_;
  std::vector<DeadSegment> dead_;
  std::vector<DeadSegment> leftovers_;  // that are in the archive; without descriptors
  std::set<std::string> unreadable_;
  std::set<SegmentId> too_large_;
  bool found_too_large_ = false;
  bool more_ = false;
  uint32_t compacted_ = 0;
};

}  // namespace

Result<uint32_t> CompactDead(const std::string& directory, const OwnerIdentity& self,
                             const CompactionTask& task) {
  return Compactor(directory, self, task).Run();
}

}  // namespace prom
