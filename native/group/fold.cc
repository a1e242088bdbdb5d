#include "group/fold.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "base/clock.h"
#include "base/random.h"
#include "files/directory.h"
#include "group/archive_file.h"

namespace prom {
namespace {

// Dead segments whose locks are held at once.
constexpr size_t kSegmentsOfCommit = 64;
// A temporary file of this age that nobody has locked is not one whose owner is not yet that far.
constexpr time_t kTemporarySeconds = 60;

SegmentId ToId(const uint8_t (&bytes)[16]) {
  SegmentId id;
  std::memcpy(id.data(), bytes, id.size());
  return id;
}

SegmentId IdOf(const layout::Header& header) { return ToId(header.segment_id); }

bool WriteWhole(int fd, const Bytes& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    ssize_t n = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

struct DeadSegment {
  std::string name;
  UniqueFd fd;  // with the lock
  std::unique_ptr<SegmentReader> reader;
};

class Folder {
 public:
  Folder(const std::string& path, const OwnerIdentity& self, const FoldTask& task)
      : path_(path), self_(self), task_(task), directory_(OpenDirectory(path)) {}

  FoldReport Run() {
    if (!directory_.valid() || !LockGroup()) return report_;
    SweepTemporaries();
    do {
      if (!ReadArchive() || !FindDead()) break;
      bool removes = task_.removal != nullptr && archive_.present();
      if (!dead_.empty() || removes) {
        if (!WriteArchive()) break;
      }
      UnlinkSegments();
    } while (more_);
    return report_;
  }

 private:
  bool LockGroup() {
    lock_ = OpenLockFile(directory_.get(), kLockName);
    if (!lock_.valid()) return false;
    for (int waited = 0; ::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0; waited++) {
      report_.busy = errno == EWOULDBLOCK;
      if (!report_.busy || waited >= task_.wait_ms) return false;
      ::poll(nullptr, 0, 1);
    }
    report_.busy = false;
    return LockExcludes(directory_.get(), kLockName) && HoldsLock();
  }

  // Whoever removed the file has let another folder in.
  bool HoldsLock() const { return NameIsCurrent(directory_.get(), kLockName, lock_.get()); }

  void SweepTemporaries() {
    std::vector<std::string> names;
    ListNames(directory_.get(), names);
    for (const std::string& name : names) {
      if (!IsTemporaryName(name)) continue;
      SkipReason reason;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str(), &reason);
      struct stat status {};
      if (!fd.valid() || ::fstat(fd.get(), &status) != 0) continue;
      auto now = static_cast<time_t>(RealtimeNs() / 1'000'000'000);
      if (now - status.st_mtime < kTemporarySeconds || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
      if (::unlinkat(directory_.get(), name.c_str(), 0) == 0) report_.removed++;
    }
  }

  // False when what is folded already cannot be known.
  bool ReadArchive() {
    SkipReason reason = archive_.Update(directory_.get());
    bool useless =
        reason == SkipReason::kCorrupt || reason == SkipReason::kTruncated || reason == SkipReason::kForeign;
    if (useless) {
      // Its counts are lost, and said to be. To begin at zero is a reset; to count its segments again would be a lie.
      archive_ = ArchiveFile();
      return ::renameat(directory_.get(), kArchiveName, directory_.get(), kBadArchiveName) == 0;
    }
    return reason == SkipReason::kNone;
  }

  // Collects what this commit folds, and what earlier ones have left. False when the directory cannot be read.
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
      SkipReason reason;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str(), &reason);
      if (!fd.valid()) continue;
      // The cells of the dead do not change any more; those of the living are not wanted.
      auto reader = std::make_unique<SegmentReader>();
      FileSource source(fd.get());
      layout::Header header;
      if (!source.Read(&header, sizeof header, 0)) continue;
      SegmentId id = IdOf(header);
      if (archive_.folded().contains(id)) {
        leftovers_.push_back(name);
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
      bool whole = reader->Update(source) == SkipReason::kNone && !reader->is_archive() &&
                   reader->ReadValues(source) == SkipReason::kNone;
      // What nobody can read is not folded, and not removed. Of a segment and its copies one counts.
      if (!whole || !seen.insert(id).second) continue;
      dead_.push_back({name, std::move(fd), std::move(reader)});
    }
    // A dead copy of a segment whose owner lives is nothing.
    std::erase_if(
        dead_, [&](const DeadSegment& segment) { return living.contains(IdOf(segment.reader->header())); });
    return true;
  }

  bool LockSegment(int fd, const std::string& name, const layout::Header& header) const {
    return ::flock(fd, LOCK_EX | LOCK_NB) == 0 && IsGone(OwnerEvidence(header, self_)) &&
           NameIsCurrent(directory_.get(), name.c_str(), fd);
  }

  bool WriteArchive() {
    std::sort(dead_.begin(), dead_.end(), [](const DeadSegment& a, const DeadSegment& b) {
      return a.reader->header().created_realtime_ns < b.reader->header().created_realtime_ns;
    });
    Archive next(task_.limits, task_.now_ms);
    if (archive_.present()) next.Add(archive_.reader(), "", IsThisBoot(archive_.reader().header()));
    for (const DeadSegment& segment : dead_) {
      const layout::Header& header = segment.reader->header();
      next.Add(*segment.reader, InstanceName(header), IsThisBoot(header));
      next.AddFolded(IdOf(header));
      // It has moved: who has read an earlier file of it must know that it is not just gone.
      SegmentId first = ToId(header.first_id);
      if (first != SegmentId{} && first != IdOf(header)) next.AddFolded(first);
    }
    AddEarlierIds(next);
    if (task_.removal != nullptr) next.Remove(*task_.removal);
    return Commit(next.Encode(self_));
  }

  bool IsThisBoot(const layout::Header& header) const {
    return std::memcmp(header.boot_id, self_.boot_id, sizeof self_.boot_id) == 0;
  }

  // Those whose files are still there, which must never be forgotten, and the newest of the others: an owner that was taken
  // for dead finds itself among them.
  void AddEarlierIds(Archive& next) const {
    if (!archive_.present()) return;
    const std::vector<SegmentId>& earlier = archive_.reader().folded();
    std::set<SegmentId> present;
    for (const std::string& name : leftovers_) {
      SkipReason reason;
      UniqueFd fd = OpenPlainFile(directory_.get(), name.c_str(), &reason);
      layout::Header header;
      if (fd.valid() && FileSource(fd.get()).Read(&header, sizeof header, 0)) present.insert(IdOf(header));
    }
    size_t gone = 0;
    for (const SegmentId& id : earlier) {
      if (present.contains(id) || gone++ < task_.limits.folded_ids) next.AddFolded(id);
    }
  }

  bool Commit(const Bytes& bytes) {
    std::string temporary = ".t." + RandomHex();
    auto fail = [&](const char* call) {
      report_.error = SystemError{errno, call, path_ + '/' + temporary};
      ::unlinkat(directory_.get(), temporary.c_str(), 0);
      return false;
    };
    UniqueFd fd(::openat(directory_.get(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd.valid()) return fail("open");
    if (!WriteWhole(fd.get(), bytes)) return fail("write");
    // Where it is more than memory, the archive must be there before the segments are not.
    if (::fdatasync(fd.get()) != 0) return fail("fdatasync");
    if (!HoldsLock()) {
      errno = ESTALE;
      return fail("flock");
    }
    if (::renameat(directory_.get(), temporary.c_str(), directory_.get(), kArchiveName) != 0)
      return fail("rename");
    report_.folded += static_cast<uint32_t>(dead_.size());
    return true;
  }

  void UnlinkSegments() {
    std::vector<std::string> names;
    for (const DeadSegment& segment : dead_) names.push_back(segment.name);
    Unlink(names);
    Unlink(leftovers_);
    dead_.clear();  // and with them the locks
  }

  // A segment that cannot be removed stays listed, and is passed over.
  void Unlink(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      RemoveWakeup(directory_.get(), name);
      if (::unlinkat(directory_.get(), name.c_str(), 0) == 0) report_.removed++;
    }
  }

  const std::string& path_;
  const OwnerIdentity& self_;
  const FoldTask& task_;
  UniqueFd directory_;
  UniqueFd lock_;
  ArchiveFile archive_;
  std::vector<DeadSegment> dead_;
  std::vector<std::string> leftovers_;  // segments that are in the archive
  bool more_ = false;
  FoldReport report_;
};

}  // namespace

FoldReport FoldDead(const std::string& directory, const OwnerIdentity& self, const FoldTask& task) {
  return Folder(directory, self, task).Run();
}

}  // namespace prom
