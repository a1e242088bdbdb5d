#include "group/dead_segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <map>

#include "base/byte_source.h"
#include "base/unique_fd.h"
#include "files/directory.h"
#include "read/segment_reader.h"

namespace prom {
namespace {

std::vector<bool> FamiliesOfScope(const SegmentReader& reader, const SeriesFilter& filter) {
  std::map<uint32_t, std::string> scopes;
  for (const ScopeRecord& scope : reader.scopes()) scopes[scope.id] = scope.name;
  std::vector<bool> wanted(reader.families().size());
  for (const ReadMember& member : reader.members()) {
    auto scope = scopes.find(member.record.scope);
    if (!member.live || scope == scopes.end() || scope->second != filter.scope) continue;
    for (size_t i = 0; i < wanted.size(); i++) {
      const ReadFamily& family = reader.families()[i];
      if (family.live && family.record.id == member.record.family && filter.WantsFamily(family.record)) {
        wanted[i] = true;
      }
    }
  }
  return wanted;
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
    if (!filter.WantsSeries(series.record, reader.families()[series.family].record)) continue;
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
    if (!IsSegmentName(name)) continue;
    UniqueFd fd(::openat(::dirfd(listing), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid() || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    FileSource source(fd.get());
    SegmentReader reader;
    if (!NameIsCurrent(::dirfd(listing), name.c_str(), fd.get())) continue;
    if (reader.Update(source) != SkipReason::kNone) continue;
    if (IsGone(OwnerEvidence(reader.header(), self))) RemoveFrom(fd.get(), reader, filter);
  }
  ::closedir(listing);
}

}  // namespace prom
