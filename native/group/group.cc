#include "group/group.h"

#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "files/directory.h"
#include "group/bell.h"
#include "group/dead_segments.h"
#include "render/render_json.h"
#include "render/render_text.h"

namespace prom {
namespace {

// A process asks for few views: the global registry's, perhaps some others and a merge of them.
constexpr size_t kMergesKept = 8;

// How often the directory is read again because a fold was committed meanwhile; from the fifth time on with the group's
// lock, so that nobody commits.
constexpr int kReadAttempts = 20;
constexpr int kUnlockedAttempts = 5;
constexpr int kLockWaitMs = 50;
// Far longer than any fold takes.
constexpr double kRemovalWaitMs = 2000;
// For so long a segment that cannot be read any more, or was removed by somebody else, counts with its last numbers: an owner
// that lives makes it anew by then (maintenance.ts), and a counter that goes down and up again is taken for a reset.
constexpr uint64_t kLastNumbersNs = 30ull * 1000 * 1000 * 1000;

bool Older(const MergeInput& a, const MergeInput& b) {
  const layout::Header& x = a.reader->header();
  const layout::Header& y = b.reader->header();
  if (x.created_realtime_ns != y.created_realtime_ns) return x.created_realtime_ns < y.created_realtime_ns;
  int order = std::memcmp(x.segment_id, y.segment_id, sizeof x.segment_id);
  return order != 0 ? order < 0 : a.locked && !b.locked;
}

bool SameSegment(const MergeInput& a, const MergeInput& b) {
  return std::memcmp(a.reader->header().segment_id, b.reader->header().segment_id,
                     sizeof(layout::Header::segment_id)) == 0;
}

bool SameOwner(const layout::Header& a, const layout::Header& b) {
  return a.pid == b.pid && a.tid == b.tid && a.start_ticks == b.start_ticks &&
         a.pid_namespace == b.pid_namespace && std::memcmp(a.boot_id, b.boot_id, sizeof a.boot_id) == 0;
}

// Two pid namespaces may use one number, and an owner that found no room in its file has a second segment in memory.
void NameInstances(std::vector<MergeInput>& inputs) {
  std::map<std::string, std::vector<const layout::Header*>> uses;
  for (MergeInput& input : inputs) {
    const layout::Header& header = input.reader->header();
    if (input.reader->is_archive()) {
      input.instance = kArchiveName;
      continue;
    }
    std::string name = InstanceName(header);
    std::vector<const layout::Header*>& owners = uses[name];
    auto same = std::find_if(owners.begin(), owners.end(),
                             [&](const layout::Header* other) { return SameOwner(*other, header); });
    auto use = same - owners.begin();
    if (same == owners.end()) owners.push_back(&header);
    if (use > 0) name += '#' + std::to_string(use + 1);
    input.instance = std::move(name);
  }
}

// Notes how long each phase of a scrape takes.
class Stopwatch {
 public:
  explicit Stopwatch(GroupStats& stats) : stats_(stats) {}
  void Lap(std::string_view phase) {
    uint64_t now = BoottimeNs();
    stats_.phases.emplace_back(phase, static_cast<double>(now - last_) / 1e9);
    last_ = now;
  }

 private:
  GroupStats& stats_;
  uint64_t last_ = BoottimeNs();
};

void AddCounts(const layout::Header& header, GroupStats& stats) {
  stats.collect_failures += header.collect_failures;
  stats.compaction_failures += header.compaction_failures;
  stats.dropped_series += header.dropped_series;
  stats.dropped_updates += header.dropped_updates;
}

// Notes that something could not be opened because this process, or the system, has not enough.
void NoteStarvation(int& starved) {
  if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) starved = errno;
}

// The group's lock for a reader, if it is to be had soon: whoever holds it otherwise may be stopped, but then it commits
// nothing.
UniqueFd LockShared(int directory) {
  UniqueFd lock = OpenLockFile(directory, kLockName);
  if (!lock.valid()) return lock;
  for (int waited = 0; ::flock(lock.get(), LOCK_SH | LOCK_NB) != 0; waited++) {
    if (waited >= kLockWaitMs) return {};
    ::poll(nullptr, 0, 1);
  }
  return lock;
}

}  // namespace

void Group::Join(Part part) {
  std::lock_guard lock(mutex_);
  if (directory_.empty()) return;
  run_ = JoinRun(directory_, self_, part, std::move(run_));
}

Result<TextBuffer> Group::Render(const Scrape& scrape) {
  std::lock_guard lock(mutex_);
  if (!run_.valid() && !directory_.empty()) run_ = JoinRun(directory_, self_, Part::kReader);
  GroupStats stats;
  stats.shown = scrape.self_metrics;
  Stopwatch watch(stats);
  RingBells(scrape, stats);
  watch.Lap("collect");
  if (auto error = ReadDirectory(stats)) return *error;
  std::vector<MergeInput> inputs = Inputs(scrape, stats);
  watch.Lap("read");
  Merge& merge = MergeFor(scrape.view);
  merge.Run(inputs, scrape.now_ms);
  stats.conflicts = merge.conflicts();
  watch.Lap("merge");
  stats.render_from_ns = BoottimeNs();
  TextBuffer out;
  out.Reserve(scrape.name ? kLeastRoom : room_.load());
  if (scrape.format == Format::kJson) {
    RenderJson(merge, scrape.name, out);
  } else {
    bool open_metrics = scrape.format == Format::kOpenMetrics;
    RenderText(merge, open_metrics ? TextFormat::kOpenMetrics : TextFormat::kPrometheus, scrape.name, &stats,
               out);
  }
  if (!scrape.name) room_ = out.size() + out.size() / 32 + kLeastRoom;
  return out;
}

void Group::RingBells(const Scrape& scrape, GroupStats& stats) const {
  if (!(scrape.collect_deadline_ms > 0) || directory_.empty()) return;
  BellRound round("collect\n", layout::Wakeup::kCollects);
  round.RingAll(directory_, scrape.own_segment);
  stats.late = round.Wait(scrape.collect_deadline_ms);
}

uint32_t Group::RemoveSeries(const Removal& removal) const {
  if (directory_.empty()) return 0;
  BellRound round(removal.message, layout::Wakeup::kListens);
  round.RingAll(directory_, removal.own_segment);
  uint32_t late = round.Wait(removal.deadline_ms);
  // After the living: whoever has died meanwhile is dead by now. A segment that somebody folds at this moment is in the
  // archive when that one lets the lock go.
  RemoveFromDead(directory_, self_, removal.filter);
  FoldTask task;
  task.wait_ms = kRemovalWaitMs;
  task.now_ms = static_cast<double>(RealtimeNs()) / 1e6;
  task.removal = &removal.filter;
  FoldDead(directory_, self_, task);
  return late;
}

FoldReport Group::Fold(const ArchiveLimits& limits, double now_ms) const {
  if (directory_.empty()) return {};
  return FoldDead(directory_, self_, {limits, now_ms, 0, nullptr});
}

// The archive and the files are read at different times. A segment that was folded in between would be missing from both, or
// be in both: so the archive must be the same before and after.
std::optional<SystemError> Group::ReadDirectory(GroupStats& stats) {
  if (directory_.empty()) return std::nullopt;
  starved_ = 0;
  for (auto& [name, segment] : segments_) segment.seen = false;
  UniqueFd directory = OpenDirectory(directory_);
  if (!directory.valid() && errno != ENOENT) {
    NoteStarvation(starved_);
    stats.skipped[SkipReason::kUnreadable]++;
  }
  UniqueFd lock;
  for (int attempt = 1; directory.valid(); attempt++) {
    if (attempt > kReadAttempts) return SystemError{EAGAIN, "read", directory_ + '/' + kArchiveName};
    stats.skipped.clear();
    if (attempt == kUnlockedAttempts) lock = LockShared(directory.get());
    SkipReason reason = archive_.Update(directory.get());
    if (reason != SkipReason::kNone) {
      if (reason == SkipReason::kUnreadable && !archive_.present()) NoteStarvation(starved_);
      stats.skipped[reason]++;
    }
    ReadFiles(directory.get(), stats);
    if (archive_.IsCurrent(directory.get())) break;
  }
  uint64_t now_ns = BoottimeNs();
  if (starved_ != 0) return SystemError{starved_, "open", directory_};
  ForgetVanished(now_ns);
  return std::nullopt;
}

void Group::ReadFiles(int directory, GroupStats& stats) {
  for (auto& [name, segment] : segments_) segment.seen = false;
  std::vector<std::string> names;
  if (!ListNames(directory, names)) {
    NoteStarvation(starved_);
    stats.skipped[SkipReason::kUnreadable]++;
  }
  for (const std::string& name : names) ReadFile(directory, name, stats);
}

void Group::ReadFile(int directory, const std::string& name, GroupStats& stats) {
  if (!IsSegmentName(name)) {
    if (!IsOtherOwnName(name)) stats.skipped[SkipReason::kForeign]++;
    return;
  }
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, name.c_str(), &reason);
  if (!fd.valid() && reason == SkipReason::kNone) return;  // gone since the listing
  if (reason == SkipReason::kUnreadable) NoteStarvation(starved_);
  Segment& segment = segments_[name];
  segment.seen = true;
  segment.reason = fd.valid() ? ReadSegment(fd.get(), segment) : reason;
  if (segment.reason != SkipReason::kNone) {
    stats.skipped[segment.reason]++;
  } else {
    segment.read_ns = BoottimeNs();
    struct stat status {};
    if (::fstat(fd.get(), &status) == 0) segment.bytes = static_cast<uint64_t>(status.st_size);
  }
}

SkipReason Group::ReadSegment(int fd, Segment& segment) const {
  FileSource source(fd);
  SkipReason reason = segment.reader.Update(source);
  if (reason != SkipReason::kNone) return reason;
  if (segment.reader.is_archive()) return SkipReason::kForeign;
  segment.folded = archive_.HasFolded(segment.reader.header().segment_id);
  if (segment.folded) return SkipReason::kNone;
  // Before the cells: an owner that dies in between is still live in this scrape, with all that it counted.
  LockProbe lock = ProbeLock(fd);
  segment.locked = lock == LockProbe::kHeld;
  segment.live = CountsAsLive(lock, OwnerEvidence(segment.reader.header(), self_));
  return segment.reader.ReadValues(source);
}

// Segments that are gone are folded, or of an owner that has moved, or were removed by somebody else.
void Group::ForgetVanished(uint64_t now_ns) {
  std::erase_if(segments_, [&](const auto& entry) {
    const Segment& segment = entry.second;
    if (segment.seen) return false;
    const layout::Header& header = segment.reader.header();
    // What we have read may be the file before the one that was folded.
    bool folded = archive_.HasFolded(header.segment_id) || archive_.HasFolded(header.first_id);
    bool removed = segment.live && segment.reader.usable() && !folded;
    return !removed || now_ns - segment.read_ns > kLastNumbersNs;
  });
}

std::vector<MergeInput> Group::Inputs(const Scrape& scrape, GroupStats& stats) {
  for (auto& [source, segment] : private_segments_) segment.seen = false;
  for (const auto& source : scrape.private_segments) {
    Segment& segment = private_segments_[source.get()];
    segment.seen = true;
    segment.reason = segment.reader.Update(*source);
    if (segment.reason == SkipReason::kNone) segment.reason = segment.reader.ReadValues(*source);
  }
  std::erase_if(private_segments_, [](const auto& entry) { return !entry.second.seen; });

  std::vector<MergeInput> inputs;
  auto add = [&](const Segment& segment) {
    if (segment.folded || !segment.reader.usable()) return;
    if (segment.reason != SkipReason::kNone && BoottimeNs() - segment.read_ns > kLastNumbersNs) return;
    const layout::Header& header = segment.reader.header();
    bool this_boot = std::memcmp(header.boot_id, self_.boot_id, sizeof self_.boot_id) == 0;
    inputs.push_back({&segment.reader, segment.live, this_boot, {}, segment.locked});
    (segment.live ? stats.live : stats.dead)++;
    stats.bytes += segment.bytes;
    AddCounts(header, stats);
  };
  if (archive_.present()) {
    const layout::Header& header = archive_.reader().header();
    bool this_boot = std::memcmp(header.boot_id, self_.boot_id, sizeof self_.boot_id) == 0;
    inputs.push_back({&archive_.reader(), false, this_boot, {}, false});
    stats.folded = header.compacted_owners;
    stats.bytes += archive_.bytes();
    AddCounts(header, stats);
  }
  for (const auto& [name, segment] : segments_) add(segment);
  has_dead_ = stats.dead > 0;
  for (const auto& [source, segment] : private_segments_) add(segment);
  std::sort(inputs.begin(), inputs.end(), Older);
  // Equals are next to each other, a locked one first: nobody holds the lock of a copy.
  auto copies = std::unique(inputs.begin(), inputs.end(), SameSegment);
  if (copies != inputs.end()) {
    stats.skipped[SkipReason::kDuplicate] = static_cast<uint32_t>(inputs.end() - copies);
    inputs.erase(copies, inputs.end());
  }
  NameInstances(inputs);
  return inputs;
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
