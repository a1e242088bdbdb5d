#include "group/inspection.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <string_view>
#include <vector>

#include "files/directory.h"
#include "group/archive_file.h"
#include "group/group_files.h"
#include "platform/clock.h"
#include "platform/listing.h"
#include "read/segment_reader.h"
#include "render/render.h"

namespace prom {
namespace {

constexpr std::string_view kLockNames[] = {"held", "free", "unknown"};
constexpr std::string_view kEvidenceNames[] = {"present", "silent", "gone", "unknown"};

struct FileFacts {
  std::string name;
  std::string_view kind;
  uint64_t bytes = 0;
  SkipReason reason = SkipReason::kNone;
  uint64_t fault_offset = 0;  // of the record at which the reading has ended; 0 where it was not a record
  // Of segments and the archive.
  bool has_header = false;
  layout::Header header{};
  LockProbe lock = LockProbe::kUnknown;
  Evidence evidence = Evidence::kUnknown;
  bool compacted = false;  // its counts are in the archive
  uint64_t families = 0;
  uint64_t series = 0;
  uint64_t skipped_records = 0;
};

std::string_view KindOf(std::string_view name) {
  if (IsSegmentName(name)) return "segment";
  if (name == kArchiveName) return "archive";
  if (name == kBadArchiveName) return "bad archive";
  if (IsRequestName(name)) return "request";
  if (IsTemporaryName(name)) return "temporary";
  if (name.starts_with("w.")) return "wake-up FIFO";
  return IsOtherOwnName(name) ? "lock" : "foreign";
}

bool ReadHeader(const ByteSource& source, layout::Header& header) {
  return source.Read(&header, sizeof header, 0) &&
         std::memcmp(header.magic, layout::kMagic, sizeof header.magic) == 0;
}

void Count(const SegmentReader& reader, FileFacts& facts) {
  auto families = reader.families();
  facts.families = static_cast<uint64_t>(
      std::count_if(families.begin(), families.end(), [](const ReadFamily& family) { return family.live; }));
  facts.series = reader.series().size();
  facts.skipped_records = reader.skipped_records();
}

void InspectSegment(int directory, const OwnerIdentity& self, const ArchiveFile* archive, FileFacts& facts) {
  UniqueFd fd = OpenPlainFile(directory, facts.name.c_str(), &facts.reason);
  if (!fd.valid()) return;
  FileSource source(fd.get());
  facts.has_header = ReadHeader(source, facts.header);
  facts.lock = ProbeLock(fd.get());
  if (facts.has_header) facts.evidence = OwnerEvidence(facts.header, self);
  if (archive == nullptr) return;
  facts.compacted = facts.has_header && archive->HasCompacted(facts.header);
  SegmentReader reader;
  facts.reason = reader.Update(source);
  if (facts.reason == SkipReason::kNone && reader.is_archive()) facts.reason = SkipReason::kForeign;
  if (facts.reason != SkipReason::kNone) {
    facts.fault_offset = reader.record_offset();
    return;
  }
  facts.reason = reader.ReadValues(source);
  Count(reader, facts);
}

CopyRank RankOf(const FileFacts& file) {
  return prom::RankOf(file.header, file.lock == LockProbe::kHeld, IsNamedAfterOwner(file.name, file.header));
}

// As a scrape does.
void MarkCopies(std::vector<FileFacts>& files) {
  std::map<SegmentId, FileFacts*> first;
  for (FileFacts& file : files) {
    if (file.kind != "segment" || !file.has_header || file.reason != SkipReason::kNone) continue;
    FileFacts*& original = first.try_emplace(OriginOf(file.header), &file).first->second;
    if (original == &file) continue;
    bool takes_over = RankOf(file) < RankOf(*original);
    (takes_over ? original : &file)->reason = SkipReason::kDuplicate;
    if (takes_over) original = &file;
  }
}

void AppendField(TextBuffer& out, std::string_view lead, std::string_view text) {
  out.Append(lead);
  AppendJson(out, text);
}

void AppendField(TextBuffer& out, std::string_view lead, double number) {
  out.Append(lead);
  out.AppendJsNumber(number);
}

// Milliseconds since the heartbeat; of another boot by the wall clock.
double HeartbeatAge(const layout::Header& header, const OwnerIdentity& self) {
  bool same_boot = header.boot_id == self.boot_id;
  uint64_t now = same_boot ? BoottimeNs() : RealtimeNs();
  uint64_t beat = same_boot ? header.heartbeat_boottime_ns : header.heartbeat_realtime_ns;
  return now > beat ? static_cast<double>(now - beat) / 1e6 : 0;
}

void AppendFile(TextBuffer& out, const FileFacts& file, const OwnerIdentity& self) {
  AppendField(out, "{\"name\":", file.name);
  AppendField(out, ",\"kind\":", file.kind);
  AppendField(out, ",\"bytes\":", static_cast<double>(file.bytes));
  AppendField(out, ",\"reason\":", kSkipReasonNames[file.reason]);
  AppendField(out, ",\"faultOffset\":", static_cast<double>(file.fault_offset));
  AppendField(out, ",\"families\":", static_cast<double>(file.families));
  AppendField(out, ",\"series\":", static_cast<double>(file.series));
  AppendField(out, ",\"skippedRecords\":", static_cast<double>(file.skipped_records));
  if (file.has_header) {
    const layout::Header& header = file.header;
    bool live = file.kind == "segment" && !file.compacted && CountsAsLive(file.lock, file.evidence);
    AppendField(out, ",\"owner\":{\"pid\":", header.pid);
    AppendField(out, ",\"tid\":", header.tid);
    AppendField(out, ",\"workerThread\":", header.worker_thread);
    out.Append(live ? ",\"live\":true" : ",\"live\":false");
    out.Append(file.compacted ? ",\"compacted\":true" : ",\"compacted\":false");
    AppendField(out, ",\"lock\":", kLockNames[static_cast<size_t>(file.lock)]);
    AppendField(out, ",\"evidence\":", kEvidenceNames[static_cast<size_t>(file.evidence)]);
    AppendField(out, ",\"createdMs\":", static_cast<double>(header.created_realtime_ns) / 1e6);
    AppendField(out, ",\"heartbeatAgeMs\":", HeartbeatAge(header, self));
    AppendField(out, ",\"compactedOwners\":", static_cast<double>(header.compacted_owners));
    AppendField(out, ",\"droppedSeries\":", static_cast<double>(header.dropped_series));
    AppendField(out, ",\"droppedUpdates\":", static_cast<double>(header.dropped_updates));
    AppendField(out, ",\"collectFailures\":", static_cast<double>(header.collect_failures));
    AppendField(out, ",\"lacksRoom\":", static_cast<double>(header.lacks_room));
    out.Append("}");
  }
  out.Append("}");
}

}  // namespace

Result<TextBuffer> InspectGroup(const std::string& path, const OwnerIdentity& self, bool whole) {
  UniqueFd directory = OpenDirectory(path);
  std::vector<std::string> names;
  if (!directory.valid() || !ListNames(directory.get(), names)) return SystemError{errno, "open", path};
  std::sort(names.begin(), names.end());
  ArchiveFile archive;
  SkipReason archive_reason = whole ? archive.Update(directory.get()) : SkipReason::kNone;
  std::vector<FileFacts> files;
  for (const std::string& name : names) {
    FileFacts facts;
    facts.name = name;
    facts.kind = KindOf(name);
    struct stat status {};
    if (::fstatat(directory.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;  // removed since
    facts.bytes = S_ISREG(status.st_mode) ? static_cast<uint64_t>(status.st_size) : 0;
    if (facts.kind == "segment") {
      InspectSegment(directory.get(), self, whole ? &archive : nullptr, facts);
    } else if (facts.kind == "archive") {
      facts.reason = archive_reason;
      facts.has_header = archive.present();
      facts.header = archive.reader().header();
      facts.fault_offset = archive.present() ? 0 : archive.reader().record_offset();
      if (archive.present()) Count(archive.reader(), facts);
    } else if (facts.kind == "foreign") {
      facts.reason = SkipReason::kForeign;
    }
    files.push_back(std::move(facts));
  }
  if (whole) MarkCopies(files);
  TextBuffer out;
  std::string_view lead = "[";
  for (const FileFacts& file : files) {
    out.Append(lead);
    AppendFile(out, file, self);
    lead = ",\n";
  }
  out.Append(files.empty() ? "[]" : "]");
  return out;
}

std::optional<ProcessIdentity> FindProcess(const std::string& path, const OwnerIdentity& self, uint32_t pid) {
  UniqueFd directory = OpenDirectory(path);
  std::vector<std::string> names;
  if (!directory.valid() || !ListNames(directory.get(), names)) return std::nullopt;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!name.starts_with("s." + std::to_string(pid) + '.')) continue;
    UniqueFd fd = OpenPlainFile(directory.get(), name.c_str());
    layout::Header header;
    if (!fd.valid() || !ReadHeader(FileSource(fd.get()), header) || header.pid != pid) continue;
    if (CountsAsLive(ProbeLock(fd.get()), OwnerEvidence(header, self))) return ProcessOf(header);
  }
  return std::nullopt;
}

}  // namespace prom
