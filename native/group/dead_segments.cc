#include "group/dead_segments.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <vector>

#include "base/byte_source.h"
#include "base/unique_fd.h"
#include "files/directory.h"
#include "merge/label_text.h"
#include "read/segment_reader.h"

namespace prom {
namespace {

template <typename T>
bool WriteField(int fd, uint64_t offset, T value) {
  return ::pwrite(fd, &value, sizeof value, static_cast<off_t>(offset)) == sizeof value;
}

void RemoveFrom(int fd, const SegmentReader& reader, const SeriesFilter& filter) {
  std::vector<bool> wanted(reader.families().size());
  for (const Membership& member : reader.Memberships()) {
    bool in_scope = reader.scopes()[member.scope].name == filter.scope;
    if (in_scope && filter.WantsFamily(reader.families()[member.family].record)) wanted[member.family] = true;
  }
  bool removed = false;
  for (const ReadSeries& series : reader.series()) {
    const FamilyRecord& family = reader.families()[series.family].record;
    if (!wanted[series.family]) continue;
    if (!filter.WantsSeries(LabelsOf(series.record, family), family.merge_mode)) continue;
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
