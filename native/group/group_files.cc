#include "group/group_files.h"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "files/directory.h"
#include "platform/clock.h"
#include "platform/listing.h"
#include "platform/storage.h"

namespace prom {

CopyRank RankOf(const layout::Header& header, bool locked, bool named) {
  return {OriginOf(header), !locked, !named, ~header.heartbeat_boottime_ns, header.segment_id};
}

bool IsNamedAfterOwner(std::string_view name, const layout::Header& header) {
  return name.starts_with(SegmentPrefix(header.pid, header.tid));
}

namespace {

CopyRank RankOf(const MergeInput& input) {
  return prom::RankOf(input.reader->header(), input.locked, input.named);
}

// How often the directory is read again because a compaction was committed meanwhile; from the fifth time on with the
// group's lock, so that there is no commit.
constexpr int kReadAttempts = 20;
constexpr int kUnlockedAttempts = 5;
constexpr int kLockWaitMs = 50;
// A segment that cannot be read any more, or was removed by another program, counts with its last numbers for so long. A
// living owner makes it again by then (maintenance.ts); a counter that decreases and increases again looks like a reset.
constexpr uint64_t kLastNumbersNs = 30ull * 1000 * 1000 * 1000;

auto AgeOf(const MergeInput& input) {
  const layout::Header& header = input.reader->header();
  return std::tuple(header.created_realtime_ns, header.segment_id);
}

using Owner = std::tuple<uint32_t, uint32_t, uint64_t, uint64_t, layout::Id>;

Owner OwnerOf(const layout::Header& header) {
  return {header.pid, header.tid, header.start_ticks, header.pid_namespace, header.boot_id};
}

// Owners in two pid namespaces may have one number. The segments of an owner, in a file and in memory, have one name.
void NameInstances(std::vector<MergeInput>& inputs) {
  std::map<std::string, std::vector<Owner>> owners_by_name;
  for (MergeInput& input : inputs) {
    const layout::Header& header = input.reader->header();
    input.instance = input.reader->is_archive() ? kArchiveName : InstanceName(header);
    std::vector<Owner>& owners = owners_by_name[input.instance];
    auto known = std::find(owners.begin(), owners.end(), OwnerOf(header));
    if (known != owners.begin()) input.instance += '#' + std::to_string(known - owners.begin() + 1);
    if (known == owners.end()) owners.push_back(OwnerOf(header));
  }
}

// The group's lock for a reader, if it comes free soon. A compactor that holds it for longer may be stopped, but then it
// commits nothing.
UniqueFd LockShared(int directory) {
  UniqueFd lock = OpenLockFile(directory, kLockName);
  if (lock.valid() && !WaitForLock(lock.get(), LOCK_SH, kLockWaitMs)) lock.reset();
  return lock;
}

}  // namespace

void GroupFiles::NoteStarvation() {
  if (IsStarved()) starved_ = errno;
}

// The archive and the segments are read at different times. A segment that is compacted in between would be in neither or in
// both: so the archive must be the same before and after.
std::optional<SystemError> GroupFiles::ReadDirectory(const std::string& path, GroupStats& stats) {
  starved_ = 0;
  listing_++;
  UniqueFd directory = OpenDirectory(path);
  directory_error_ = directory.valid() || errno == ENOENT ? 0 : errno;
  if (directory_error_ != 0) {
    NoteStarvation();
    stats.skipped[SkipReason::kUnreadable]++;
  }
  stats.shared = stats.shared || directory.valid();
  if (directory.valid() && !stats.storage && stats.shown == SelfMetricsShown::kAll) {
    stats.storage = StorageOf(directory.get());
  }
  UniqueFd lock;
  const auto skipped_before = stats.skipped;
  for (int attempt = 1; directory.valid(); attempt++) {
    if (attempt > kReadAttempts) return SystemError{EAGAIN, "read", path + '/' + kArchiveName};
    stats.skipped = skipped_before;
    if (attempt == kUnlockedAttempts) lock = LockShared(directory.get());
    SkipReason reason = archive_.Update(directory.get());
    if (reason != SkipReason::kNone) {
      if (reason == SkipReason::kUnreadable && !archive_.present()) NoteStarvation();
      stats.skipped[reason]++;
    }
    ReadSegments(directory.get(), stats);
    if (archive_.IsCurrent(directory.get())) break;
  }
  if (starved_ != 0) return SystemError{starved_, "open", path};
  ForgetVanished();
  return std::nullopt;
}

void GroupFiles::ReadSegments(int directory, GroupStats& stats) {
  listing_++;
  std::vector<std::string> names;
  if (!ListNames(directory, names)) {
    NoteStarvation();
    stats.skipped[SkipReason::kUnreadable]++;
  }
  for (const std::string& name : names) {
    SkipReason reason = SkipReason::kNone;
    if (IsSegmentName(name)) {
      reason = ReadSegment(directory, name);
    } else if (!IsOtherOwnName(name)) {
      reason = SkipReason::kForeign;
    }
    if (reason != SkipReason::kNone) stats.skipped[reason]++;
  }
}

SkipReason GroupFiles::ReadSegment(int directory, const std::string& name) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, name.c_str(), &reason);
  if (!fd.valid() && reason == SkipReason::kNone) return reason;  // removed since the listing
  if (reason == SkipReason::kUnreadable) NoteStarvation();
  Segment& segment = segments_[name];
  segment.listing = listing_;
  FileSource source(fd.get());
  if (fd.valid()) reason = segment.reader.Update(source);
  if (reason == SkipReason::kNone && segment.reader.is_archive()) reason = SkipReason::kForeign;
  if (reason == SkipReason::kNone) {
    segment.compacted = archive_.HasCompacted(segment.reader.header());
    if (!segment.compacted) {
      // Before the cells: an owner that dies in between is still live in this scrape, with all that it counted.
      LockProbe lock = ProbeLock(fd.get());
      segment.locked = lock == LockProbe::kHeld;
      const layout::Header& header = segment.reader.header();
      segment.named = IsNamedAfterOwner(name, header);
      segment.live = CountsAsLive(lock, OwnerEvidence(header, self_));
      reason = segment.reader.ReadValues(source);
    }
  }
  segment.reason = reason;
  if (reason != SkipReason::kNone) return reason;
  segment.read_ns = BoottimeNs();
  struct stat status {};
  if (::fstat(fd.get(), &status) == 0) segment.bytes = static_cast<uint64_t>(status.st_size);
  return reason;
}

// A segment that is gone was compacted or rewritten, or removed by another program.
void GroupFiles::ForgetVanished() {
  uint64_t now_ns = BoottimeNs();
  std::erase_if(segments_, [&](const auto& entry) {
    const Segment& segment = entry.second;
    if (segment.listing == listing_) return false;
    const layout::Header& header = segment.reader.header();
    bool removed = segment.live && segment.reader.usable() && !archive_.HasCompacted(header);
    return !removed || now_ns - segment.read_ns > kLastNumbersNs;
  });
}

bool GroupFiles::HasRead(const std::string& name) const {
  auto found = segments_.find(name);
  return found != segments_.end() && found->second.listing == listing_ &&
         found->second.reason == SkipReason::kNone;
}

bool GroupFiles::HasLiveOwner(const std::string& but) const {
  return std::any_of(segments_.begin(), segments_.end(), [&](const auto& entry) {
    const Segment& segment = entry.second;
    return entry.first != but && segment.live && segment.reason == SkipReason::kNone && !segment.compacted;
  });
}

int GroupFiles::ErrorOf(const std::string& name) const {
  auto found = segments_.find(name);
  bool forbidden = found != segments_.end() && found->second.reason == SkipReason::kForbidden;
  return directory_error_ == 0 && forbidden ? EACCES : directory_error_;
}

bool GroupFiles::HasDead(const std::set<SegmentId>& except) const {
  return std::any_of(segments_.begin(), segments_.end(), [&](const auto& entry) {
    const Segment& segment = entry.second;
    return !segment.live && !segment.compacted && segment.reader.usable() &&
           !except.contains(OriginOf(segment.reader.header()));
  });
}

void GroupFiles::ReadPrivate(const std::vector<std::shared_ptr<const ByteSource>>& segments) {
  listing_++;
  for (const auto& source : segments) {
    Segment& segment = private_segments_[source.get()];
    segment.listing = listing_;
    segment.reason = segment.reader.Update(*source);
    if (segment.reason == SkipReason::kNone) segment.reason = segment.reader.ReadValues(*source);
    // As a file that another owner has compacted, because it took this one for dead.
    segment.compacted = segment.reader.usable() && archive_.HasCompacted(segment.reader.header());
  }
  std::erase_if(private_segments_, [&](const auto& entry) { return entry.second.listing != listing_; });
}

void GroupFiles::AddInputs(const std::optional<ProcessIdentity>& process, std::vector<MergeInput>& inputs,
                           GroupStats& stats) const {
  auto add = [&](const SegmentReader& reader, uint64_t bytes, bool live, bool locked, bool named) {
    const layout::Header& header = reader.header();
    inputs.push_back({&reader, live, header.boot_id == self_.boot_id, {}, locked, named});
    stats.bytes += bytes;
    stats.skipped_records += reader.skipped_records();
    stats.collect_failures += header.collect_failures;
    stats.compaction_failures += header.compaction_failures;
    stats.dropped_series += header.dropped_series;
    stats.dropped_updates += header.dropped_updates;
    if (live) stats.without_room += header.lacks_room;
  };
  std::set<ProcessIdentity> processes;
  auto add_segment = [&](const Segment& segment) {
    if (segment.compacted || !segment.reader.usable()) return;
    if (process && ProcessOf(segment.reader.header()) != *process) return;
    if (segment.reason != SkipReason::kNone && BoottimeNs() - segment.read_ns > kLastNumbersNs) return;
    add(segment.reader, segment.bytes, segment.live, segment.locked, segment.named);
    (segment.live ? stats.live : stats.dead)++;
    if (segment.live) processes.insert(ProcessOf(segment.reader.header()));
  };
  if (archive_.present() && !process) {
    add(archive_.reader(), archive_.bytes(), false, false, true);
    stats.compacted += archive_.reader().header().compacted_owners;
  }
  for (const auto& [name, segment] : segments_) add_segment(segment);
  for (const auto& [source, segment] : private_segments_) add_segment(segment);
  stats.processes = processes.size();
}

void ArrangeInputs(std::vector<MergeInput>& inputs, GroupStats& stats) {
  std::sort(inputs.begin(), inputs.end(),
            [](const MergeInput& a, const MergeInput& b) { return RankOf(a) < RankOf(b); });
  auto last = inputs.begin();
  for (auto input = inputs.begin(); input != inputs.end(); ++input) {
    bool is_copy = last != inputs.begin() &&
                   OriginOf(std::prev(last)->reader->header()) == OriginOf(input->reader->header());
    // A file that its owner has left, to go on in another directory, has no series.
    if (is_copy && !input->reader->series().empty()) stats.skipped[SkipReason::kDuplicate]++;
    if (!is_copy) *last++ = std::move(*input);
  }
  inputs.erase(last, inputs.end());
  std::sort(inputs.begin(), inputs.end(),
            [](const MergeInput& a, const MergeInput& b) { return AgeOf(a) < AgeOf(b); });
  NameInstances(inputs);
}

}  // namespace prom
