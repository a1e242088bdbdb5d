#include "group/archive_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "base/byte_source.h"
#include "base/crc32c.h"
#include "base/unique_fd.h"

namespace prom {
namespace {

// The checksum of the bytes of an archive from `from` on; none when some are missing.
std::optional<uint32_t> ChecksumFrom(const FileSource& source, uint64_t from, uint64_t size) {
  Bytes piece(std::min<uint64_t>(size - from, 1024 * 1024));
  uint32_t crc = 0;
  while (from < size) {
    uint64_t length = std::min<uint64_t>(size - from, piece.size());
    if (!source.Read(piece.data(), length, from)) return std::nullopt;
    crc = Crc32c(piece.data(), length, crc);
    from += length;
  }
  return crc;
}

}  // namespace

SkipReason ArchiveFile::Update(int directory, const char* name) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, name, &reason);
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
  SegmentReader reader;
  reason = reader.Update(source);
  if (reason == SkipReason::kNone && !reader.is_archive()) reason = SkipReason::kCorrupt;
  if (reason == SkipReason::kNone) reason = reader.ReadValues(source);
  if (reason != SkipReason::kNone) return reason;
  auto crc = ChecksumFrom(source, offsetof(layout::Header, records_end), size);
  if (!crc) return SkipReason::kTruncated;
  if (reader.header().archive_crc != *crc) return SkipReason::kCorrupt;
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
