#include "group.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "bell.h"
#include "dead_segments.h"
#include "render_json.h"
#include "render_text.h"
#include "unique_fd.h"

namespace prom {
namespace {

// A process asks for few views: the global registry's, perhaps some others and a merge of them.
constexpr size_t kMergesKept = 8;

bool IsSegmentName(std::string_view name) { return name.starts_with("s."); }

// What else we put into a directory ourselves, and what every directory has.
bool IsOwnName(std::string_view name) {
  return name.starts_with(".") || name.starts_with("b.") || name == "archive" || name == "leader" ||
         name == "lock";
}

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

// The label `pid`: Python's word. A worker thread shares its process's pid, two pid namespaces may use one number, and
// an owner that found no room in its file has a second segment in memory.
void NameInstances(std::vector<MergeInput>& inputs) {
  std::map<std::string, std::vector<const layout::Header*>> uses;
  for (MergeInput& input : inputs) {
    const layout::Header& header = input.reader->header();
    std::string name = std::to_string(header.pid);
    if (header.worker_thread != 0) name += '-' + std::to_string(header.worker_thread);
    std::vector<const layout::Header*>& owners = uses[name];
    auto same = std::find_if(owners.begin(), owners.end(),
                             [&](const layout::Header* other) { return SameOwner(*other, header); });
    auto use = same - owners.begin();
    if (same == owners.end()) owners.push_back(&header);
    if (use > 0) name += '#' + std::to_string(use + 1);
    input.instance = std::move(name);
  }
}

}  // namespace

TextBuffer Group::Render(const Scrape& scrape) {
  std::lock_guard lock(mutex_);
  GroupStats stats;
  RingBells(scrape, stats);
  ReadDirectory(stats);
  std::vector<MergeInput> inputs = Inputs(scrape, stats);
  Merge& merge = MergeFor(scrape.view);
  merge.Run(inputs, scrape.now_ms);
  TextBuffer out;
  out.Reserve(scrape.name ? 4096 : last_size_ + last_size_ / 8 + 4096);
  if (scrape.format == Format::kJson) {
    RenderJson(merge, scrape.name, out);
  } else {
    bool open_metrics = scrape.format == Format::kOpenMetrics;
    RenderText(merge, open_metrics ? TextFormat::kOpenMetrics : TextFormat::kPrometheus, scrape.name, &stats,
               out);
  }
  if (!scrape.name) last_size_ = out.size();
  return out;
}

void Group::RingBells(const Scrape& scrape, GroupStats& stats) const {
  if (!(scrape.collect_deadline_ms > 0) || directory_.empty()) return;
  BellRound round("collect\n", layout::Bell::kCollects);
  round.RingAll(directory_, scrape.own_segment);
  stats.late = round.Wait(scrape.collect_deadline_ms);
}

uint32_t Group::RemoveSeries(const Removal& removal) const {
  if (directory_.empty()) return 0;
  BellRound round(removal.message, layout::Bell::kListens);
  round.RingAll(directory_, removal.own_segment);
  uint32_t late = round.Wait(removal.deadline_ms);
  // After the living: whoever has died meanwhile is dead by now.
  RemoveFromDead(directory_, self_, removal.filter);
  return late;
}

void Group::ReadDirectory(GroupStats& stats) {
  for (auto& [name, segment] : segments_) segment.seen = false;
  DIR* listing = directory_.empty() ? nullptr : ::opendir(directory_.c_str());
  if (listing != nullptr) {
    while (const dirent* entry = ::readdir(listing)) ReadFile(::dirfd(listing), entry->d_name, stats);
    ::closedir(listing);
  } else if (!directory_.empty() && errno != ENOENT) {
    stats.skipped[SkipReason::kUnreadable]++;
  }
  std::erase_if(segments_, [](const auto& entry) { return !entry.second.seen; });
}

void Group::ReadFile(int directory, const std::string& name, GroupStats& stats) {
  if (!IsSegmentName(name)) {
    if (!IsOwnName(name)) stats.skipped[SkipReason::kForeign]++;
    return;
  }
  UniqueFd fd(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!fd.valid()) {
    if (errno == ENOENT) return;  // gone since the listing
    stats.skipped[errno == ELOOP || errno == EACCES ? SkipReason::kForbidden : SkipReason::kUnreadable]++;
    return;
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1 ||
      (status.st_uid != ::geteuid() && ::geteuid() != 0)) {
    stats.skipped[SkipReason::kForbidden]++;
    return;
  }
  Segment& segment = segments_[name];
  segment.seen = true;
  segment.reason = ReadSegment(fd.get(), segment);
  if (segment.reason != SkipReason::kNone) stats.skipped[segment.reason]++;
}

SkipReason Group::ReadSegment(int fd, Segment& segment) const {
  FileSource source(fd);
  SkipReason reason = segment.reader.Update(source);
  if (reason != SkipReason::kNone) return reason;
  // Before the cells: an owner that dies in between is still live in this scrape, with all that it counted.
  segment.locked = ProbeLock(fd) == LockProbe::kHeld;
  segment.live = segment.locked || !LooksDead(fd, segment.reader.header(), self_);
  return segment.reader.ReadValues(source);
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
    if (segment.reason != SkipReason::kNone) return;
    const layout::Header& header = segment.reader.header();
    bool this_boot = std::memcmp(header.boot_id, self_.boot_id, sizeof self_.boot_id) == 0;
    inputs.push_back({&segment.reader, segment.live, this_boot, {}, segment.locked});
    (segment.live ? stats.live : stats.dead)++;
    stats.collect_failures += header.collect_failures;
  };
  for (const auto& [name, segment] : segments_) add(segment);
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
