#include "group/removal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>

#include "base/byte_source.h"
#include "files/directory.h"
#include "files/owner.h"
#include "format/merge_mode.h"
#include "merge/label_text.h"
#include "platform/listing.h"
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
    removed |= WriteField(fd, state, static_cast<uint32_t>(layout::RecordState::kRemoved));
  }
  if (removed) WriteField(fd, offsetof(layout::Header, removals), reader.header().removals + 1);
}

}  // namespace

bool SeriesFilter::WantsSeries(const std::vector<Label>& series, layout::MergeMode mode) const {
  if (!labels) return true;
  std::vector<std::pair<std::string, std::string>> own;
  for (const Label& label : series) {
    if (label.kind != layout::LabelKind::kUndefined) own.emplace_back(label.name, label.text);
  }
  std::vector<std::pair<std::string, std::string>> wanted = *labels;
  for (auto* list : {&own, &wanted}) {
    if (IsPerOwner(mode)) std::erase_if(*list, [](const auto& label) { return label.first == "pid"; });
    std::sort(list->begin(), list->end());
  }
  return own == wanted;
}

void RemoveFromDead(const std::string& path, const OwnerIdentity& self, const SeriesFilter& filter) {
  UniqueFd directory = OpenDirectory(path);
  std::vector<std::string> names;
  if (!directory.valid() || !ListNames(directory.get(), names)) return;
  for (const std::string& name : names) {
    if (!IsSegmentName(name)) continue;
    UniqueFd fd(::openat(directory.get(), name.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    FileSource source(fd.get());
    layout::Header header;
    if (!fd.valid() || !source.Read(&header, sizeof header, 0)) continue;
    // Not of a living owner, not even for a moment: the lock tells its segment from the copies.
    if (!IsGone(OwnerEvidence(header, self)) || ::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
    SegmentReader reader;
    if (!NameIsCurrent(directory.get(), name.c_str(), fd.get())) continue;
    if (reader.Update(source) == SkipReason::kNone) RemoveFrom(fd.get(), reader, filter);
  }
}

}  // namespace prom
