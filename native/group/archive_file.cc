#include "group/archive_file.h"

#include <sys/stat.h>

#include <cstddef>

#include "base/aligned_buffer.h"
#include "base/crc32c.h"
#include "base/unique_fd.h"
#include "files/directory.h"

namespace prom {

SkipReason ArchiveFile::Update(int directory) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, kArchiveName, &reason);
  if (!fd.valid()) {
    if (reason == SkipReason::kNone) *this = ArchiveFile();
    return reason;
  }
  FileSource source(fd.get());
  layout::Header header;
  if (!source.Read(&header, sizeof header, 0)) return SkipReason::kTruncated;
  tried_ = VersionOf(header);
  if (present() && tried_ == VersionOf(reader_.header())) return SkipReason::kNone;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return SkipReason::kUnreadable;
  auto size = static_cast<uint64_t>(status.st_size);
  if (size < sizeof header || size > layout::kMaxSegmentBytes) return SkipReason::kCorrupt;
  AlignedBuffer bytes;
  if (!bytes.Reserve(size)) return SkipReason::kUnreadable;
  SegmentReader reader;
  reason = reader.Update(source);
  if (reason == SkipReason::kNone) reason = reader.ReadValues(source);
  if (reason != SkipReason::kNone) return reason;
  if (!source.Read(bytes.bytes(), size, 0)) return SkipReason::kTruncated;
  constexpr size_t kFromHere = offsetof(layout::Header, records_end);
  uint32_t crc = Crc32c(bytes.bytes() + kFromHere, size - kFromHere);
  if (!reader.is_archive() || reader.header().archive_crc != crc) return SkipReason::kCorrupt;
  reader_ = std::move(reader);
  compacted_ = {reader_.compacted().begin(), reader_.compacted().end()};
  bytes_ = size;
  return SkipReason::kNone;
}

bool ArchiveFile::IsCurrent(int directory) const {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, kArchiveName, &reason);
  if (!fd.valid() && reason == SkipReason::kNone) return tried_ == Version{};
  layout::Header header;
  // An archive that cannot be read now leaves the scrape as it is.
  if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) return true;
  return VersionOf(header) == tried_;
}

}  // namespace prom
