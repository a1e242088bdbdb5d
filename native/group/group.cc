#include "group/group.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/byte_source.h"
#include "base/clock.h"
#include "files/directory.h"
#include "group/removal.h"
#include "group/wakeup.h"
#include "render/render.h"

namespace prom {
namespace {

// A process scrapes few views: that of the global registry, perhaps some others and a merged one.
constexpr size_t kMergesKept = 8;
// Far longer than any compaction takes.
constexpr double kRemovalWaitMs = 2000;
// For a process that begins the session at this moment.
constexpr int kSessionWaitMs = 1000;

bool IsPlainFile(int directory, const char* name) {
  struct stat status {};
  return ::fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
         status.st_nlink == 1;
}

// True when the owner of every segment is known to have exited, also where locks prove nothing.
bool AllAreGone(int directory, const std::vector<std::string>& names, const OwnerIdentity& self) {
  for (const std::string& name : names) {
    if (!IsSegmentName(name)) continue;
    UniqueFd fd = OpenPlainFile(directory, name.c_str());
    layout::Header header;
    // A file that this process cannot open, now or ever, may have a living owner.
    if (!fd.valid() && IsPlainFile(directory, name.c_str())) return false;
    if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) continue;
    if (ProbeLock(fd.get()) != LockProbe::kFree || !IsGone(OwnerEvidence(header, self))) return false;
  }
  return true;
}

// Whether a file is a segment or an archive by its content. Other files of such names are not ours to remove.
bool IsOurs(int directory, const std::string& name) {
  UniqueFd fd = OpenPlainFile(directory, name.c_str());
  layout::Header header;
  return fd.valid() && FileSource(fd.get()).Read(&header, sizeof header, 0) &&
         std::memcmp(header.magic, layout::kMagic, sizeof header.magic) == 0;
}

// The archive goes last: a crash on the way loses counts, and never leaves parts of them twice.
void Sweep(int directory, const OwnerIdentity& self) {
  std::vector<std::string> names;
  if (!ListNames(directory, names) || !AllAreGone(directory, names, self)) return;
  for (const std::string& name : names) {
    if (IsTemporaryName(name)) ::unlinkat(directory, name.c_str(), 0);
    if (!IsSegmentName(name) || !IsOurs(directory, name)) continue;
    RemoveWakeup(directory, name);
    ::unlinkat(directory, name.c_str(), 0);
  }
  if (IsOurs(directory, kArchiveName)) ::unlinkat(directory, kArchiveName, 0);
}

}  // namespace

void Group::Join(JoinMode mode) {
  std::lock_guard lock(mutex_);
  JoinSession(mode);
}

void Group::JoinSession(JoinMode mode) {
  UniqueFd directory = OpenDirectory(directory_);
  if (!directory.valid()) return;
  if (!session_.valid() || !NameIsCurrent(directory.get(), kSessionName, session_.get())) {
    session_ = OpenLockFile(directory.get(), kSessionName);
  }
  bool first = mode == JoinMode::kReset && WaitForLock(session_.get(), LOCK_EX, 0) &&
               LockExcludes(directory.get(), kSessionName);
  if (first) Sweep(directory.get(), self_);
  if (!WaitForLock(session_.get(), LOCK_SH, kSessionWaitMs)) session_.reset();
}

Result<TextBuffer> Group::Render(const Scrape& scrape) {
  std::lock_guard lock(mutex_);
  GroupStats stats;
  stats.shown = scrape.self_metrics;
  auto lap = [&stats, last = BoottimeNs()](std::string_view phase) mutable {
    uint64_t from = std::exchange(last, BoottimeNs());
    stats.phases.emplace_back(phase, static_cast<double>(last - from) / 1e9);
  };
  if (!session_.valid()) JoinSession(JoinMode::kRead);
  if (scrape.collect_deadline_ms > 0) {
    CollectRequest request("collect\n", layout::Wakeup::kCollects);
    request.NotifyAll(directory_, scrape.own_segment);
    stats.late = request.Wait(scrape.collect_deadline_ms);
  }
  lap("collect");
  if (auto error = files_.ReadDirectory(directory_, stats)) return *error;
  files_.ReadPrivate(scrape.private_segments);
  std::vector<MergeInput> inputs = files_.Inputs(stats);
  has_dead_ = stats.dead > 0;
  lap("read");
  Merge& merge = MergeFor(scrape.view);
  merge.Run(inputs, scrape.now_ms);
  stats.conflicts = merge.conflicts();
  lap("merge");
  stats.render_from_ns = BoottimeNs();
  TextBuffer out;
  if (!scrape.name) out.Reserve(last_size_ + last_size_ / 32);
  if (scrape.format == Format::kJson) {
    RenderJson(merge, scrape.name, out);
  } else {
    RenderText(merge, scrape.format == Format::kOpenMetrics, scrape.name, &stats, out);
  }
  if (!scrape.name) last_size_ = out.size();
  return out;
}

Result<uint32_t> Group::Compact(const ArchiveLimits& limits, double now_ms) const {
  return CompactDead(directory_, self_, {limits, now_ms, 0, nullptr});
}

Result<uint32_t> Group::RemoveSeries(const Removal& removal) const {
  CollectRequest request(removal.message, layout::Wakeup::kListens);
  request.NotifyAll(directory_, removal.own_segment);
  uint32_t late = request.Wait(removal.deadline_ms);
  // After the living owners: one that has died meanwhile counts as dead now. A segment that a compactor has at this moment is
  // in the archive once the compactor lets the lock go.
  RemoveFromDead(directory_, self_, removal.filter);
  CompactDead(directory_, self_,
              {{}, static_cast<double>(RealtimeNs()) / 1e6, kRemovalWaitMs, &removal.filter});
  return late;
}

Merge& Group::MergeFor(const View& view) {
  auto found =
      std::find_if(merges_.begin(), merges_.end(), [&](const Merge& merge) { return merge.view() == view; });
  if (found == merges_.end()) {
    merges_.emplace_front(view);
    if (merges_.size() > kMergesKept) merges_.pop_back();
  } else {
    merges_.splice(merges_.begin(), merges_, found);
  }
  return merges_.front();
}

}  // namespace prom
