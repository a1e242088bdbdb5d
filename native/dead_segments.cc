#include "dead_segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <map>

#include "byte_source.h"
#include "segment_reader.h"
#include "unique_fd.h"

namespace prom {
namespace {

using Labels = std::vector<std::pair<std::string, std::string>>;

// True when the name still means the file that is open, and only that name does.
bool IsStillThere(int directory, const char* name, int fd) {
  struct stat open_file {};
  struct stat named {};
  return ::fstat(fd, &open_file) == 0 && ::fstatat(directory, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(named.st_mode) && open_file.st_dev == named.st_dev && open_file.st_ino == named.st_ino &&
         named.st_nlink == 1;
}

std::vector<bool> FamiliesOfScope(const SegmentReader& reader, const SeriesFilter& filter) {
  std::map<uint32_t, std::string> scopes;
  for (const ScopeRecord& scope : reader.scopes()) scopes[scope.id] = scope.name;
  std::vector<bool> wanted(reader.families().size());
  for (const ReadMember& member : reader.members()) {
    auto scope = scopes.find(member.record.scope);
    if (!member.live || scope == scopes.end() || scope->second != filter.scope) continue;
    for (size_t i = 0; i < wanted.size(); i++) {
      const ReadFamily& family = reader.families()[i];
      if (family.live && family.record.id == member.record.family &&
          (!filter.family || family.record.name == *filter.family)) {
        wanted[i] = true;
      }
    }
  }
  return wanted;
}

bool HasLabels(const ReadSeries& series, const FamilyRecord& family, Labels wanted) {
  Labels own;
  for (const SeriesLabel& label : series.record.labels) {
    if (label.kind != layout::LabelKind::kUndefined)
      own.emplace_back(family.label_names[label.name], label.text);
  }
  std::sort(own.begin(), own.end());
  std::sort(wanted.begin(), wanted.end());
  return own == wanted;
}

template <typename T>
bool WriteField(int fd, uint64_t offset, T value) {
  return ::pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)) == sizeof value;
}

void RemoveFrom(int fd, const SegmentReader& reader, const SeriesFilter& filter) {
  std::vector<bool> wanted = FamiliesOfScope(reader, filter);
  bool removed = false;
  for (const ReadSeries& series : reader.series()) {
    if (!wanted[series.family]) continue;
    if (filter.labels && !HasLabels(series, reader.families()[series.family].record, *filter.labels))
      continue;
    uint64_t state = series.record_offset + offsetof(layout::RecordHeader, state);
    removed = WriteField(fd, state, static_cast<uint32_t>(layout::RecordState::kRemoved)) || removed;
  }
  if (removed) WriteField(fd, offsetof(layout::Header, removals), reader.header().removals + 1);
}

}  // namespace

void RemoveFromDead(const std::string& directory, const OwnerIdentity& self, const SeriesFilter& filter) {
  DIR* listing = ::opendir(directory.c_str());
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing)) {
    std::string name = entry->d_name;
    if (!name.starts_with("s.")) continue;
    UniqueFd fd(::openat(::dirfd(listing), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    FileSource source(fd.get());
    SegmentReader reader;
    if (!IsStillThere(::dirfd(listing), name.c_str(), fd.get())) continue;
    if (reader.Update(source) != SkipReason::kNone) continue;
    if (OwnerEvidence(reader.header(), self) == Evidence::kGone) RemoveFrom(fd.get(), reader, filter);
  }
  ::closedir(listing);
}

}  // namespace prom
