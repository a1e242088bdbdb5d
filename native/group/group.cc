#include "group/group.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "group/removal.h"
#include "group/wakeup.h"
#include "platform/clock.h"

namespace prom {
namespace {

// A process scrapes few views: that of the global registry, perhaps some others and a merged one.
constexpr size_t kMergesKept = 8;
// Far longer than any compaction takes.
constexpr double kRemovalWaitMs = 2000;

}  // namespace

void Group::Join(JoinMode mode) {
  std::lock_guard lock(session_mutex_);
  if (mode == JoinMode::kReset && HasHadOwners()) mode = JoinMode::kResume;
  session_ = JoinSession(directory_, self_, mode, std::move(session_));
}

void Group::JoinAsReader() {
  std::lock_guard lock(session_mutex_);
  // Also when it has joined: the file may have been deleted, and the next process would begin a session at zero.
  bool joins = !session_.valid();
  session_ = JoinSession(directory_, self_, JoinMode::kRead, std::move(session_));
  if (joins) session_mark_ = SessionMark(session_);
}

void Group::Leave() {
  std::lock_guard lock(session_mutex_);
  session_.reset();
  session_has_owners_ = false;
}

bool Group::HasHadOwners() const {
  return session_.valid() && (session_has_owners_ || SessionMark(session_) != session_mark_);
}

void Group::NoteOwners() {
  std::lock_guard lock(session_mutex_);
  session_has_owners_ = session_has_owners_ || session_.valid();
}

Result<TextBuffer> Group::Render(Scrape scrape) {
  std::lock_guard lock(mutex_);
  GroupStats stats;
  stats.shown = scrape.self_metrics;
  auto lap = [&stats, last = BoottimeNs()](std::string_view phase) mutable {
    uint64_t from = std::exchange(last, BoottimeNs());
    stats.phases.emplace_back(phase, static_cast<double>(last - from) / 1e9);
  };
  if (scrape.joins) JoinAsReader();
  if (scrape.pid != 0) {
    scrape.view.process = FindProcess(directory_, self_, scrape.pid);
    if (!scrape.view.process) return SystemError{ESRCH, "find", directory_};
  }
  if (scrape.collect_deadline_ms > 0) {
    CollectRequest request("collect\n", layout::Wakeup::kCollects, scrape.view.process);
    request.NotifyAll(directory_, scrape.own_segment);
    for (const std::string& other : scrape.other_directories) request.NotifyAll(other, "");
    stats.late = request.Wait(scrape.collect_deadline_ms);
  }
  lap("collect");
  if (auto error = files_.ReadDirectory(directory_, stats)) return *error;
  scrape_error_ = files_.ErrorOf(scrape.own_segment);
  bool has_own = scrape.own_is_current && files_.HasRead(scrape.own_segment);
  bool has_live_owner = files_.HasLiveOwner(scrape.own_segment);
  if (has_live_owner) NoteOwners();
  has_seen_others_ = has_seen_others_ || !scrape.other_directories.empty() || has_live_owner;
  // Where owners answer in turn, counters would go up and down with series that only one of them can see.
  bool is_alone = !scrape.is_one_of_many && (!has_own || !has_seen_others_);
  bool sees_no_others = directory_.empty() || scrape_error_ != 0 || scrape.view.process;
  std::vector<std::shared_ptr<const ByteSource>> in_memory;
  if (is_alone || sees_no_others) in_memory = scrape.private_segments;
  if (scrape.own_bytes != nullptr && !has_own) {
    files_.Forget(scrape.own_segment);
    in_memory.push_back(scrape.own_bytes);
  }
  files_.ReadPrivate(in_memory);
  std::vector<MergeInput> inputs;
  files_.AddInputs(scrape.view.process, inputs, stats);
  if (!scrape.view.process) {
    std::lock_guard no_compaction(compaction_mutex_);
    has_dead_ = files_.HasDead(too_large_);
  }
  for (const std::string& other : scrape.other_directories) {
    GroupFiles& files = other_files_.try_emplace(other, self_).first->second;
    if (auto error = files.ReadDirectory(other, stats)) return *error;
    files.AddInputs(scrape.view.process, inputs, stats);
  }
  ArrangeInputs(inputs, stats);
  lap("read");
  Merge& merge = MergeFor(scrape.view);
  merge.Run(inputs, scrape.now_ms);
  stats.conflicts = merge.conflicts();
  lap("merge");
  stats.render_from_ns = BoottimeNs();
  TextBuffer out;
  if (scrape.known_layout) {
    RenderNumbers(merge, scrape.names, *scrape.known_layout, out);
    return out;
  }
  if (!scrape.names) out.Reserve(last_size_ + last_size_ / 32);
  prom::Render(merge, scrape.format, scrape.escaping, scrape.names, stats, out);
  if (!scrape.names) last_size_ = out.size();
  return out;
}

Result<uint32_t> Group::Compact(const ArchiveLimits& limits, double now_ms, bool keep_threads) {
  std::set<SegmentId> too_large;
  {
    std::lock_guard lock(compaction_mutex_);
    too_large = too_large_;
  }
  auto compacted = CompactDead(directory_, self_, {limits, now_ms, 0, nullptr, keep_threads, &too_large});
  std::lock_guard lock(compaction_mutex_);
  too_large_.merge(too_large);
  return compacted;
}

Result<uint32_t> Group::RemoveSeries(const Removal& removal) const {
  CollectRequest request("removal\n", layout::Wakeup::kListens, {}, removal.message);
  request.NotifyAll(directory_, removal.own_segment);
  for (const std::string& other : removal.other_directories) request.NotifyAll(other, "");
  if (request.error()) return *request.error();
  uint32_t late = request.Wait(removal.deadline_ms);
  // After the living owners: one that has died meanwhile counts as dead now. A segment that a compactor has at this moment is
  // in the archive once the compactor lets the lock go.
  auto remove_from_dead = [&](const std::string& directory) {
    RemoveFromDead(directory, self_, removal.filter);
    CompactDead(directory, self_,
                {{},
                 static_cast<double>(RealtimeNs()) / 1e6,
                 kRemovalWaitMs,
                 &removal.filter,
                 removal.keep_threads,
                 nullptr});
  };
  remove_from_dead(directory_);
  for (const std::string& other : removal.other_directories) remove_from_dead(other);
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
