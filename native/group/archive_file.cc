#include "group/archive_file.h"

#include <sys/stat.h>

#include <cstddef>
#include <cstring>

#include "base/aligned_buffer.h"
#include "base/crc32c.h"
#include "base/unique_fd.h"
#include "files/directory.h"

namespace prom {
namespace {

class MemorySource : public ByteSource {
 public:
  MemorySource(const uint8_t* data, uint64_t length) : data_(data), length_(length) {}
  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    if (offset > length_ || length > length_ - offset) return false;
    std::memcpy(to, data_ + offset, length);
    return true;
  }

 private:
  const uint8_t* data_;
  uint64_t length_;
};

}  // namespace

SkipReason ArchiveFile::Update(int directory) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, kArchiveName, &reason);
  if (!fd.valid()) {
    if (reason == SkipReason::kNone) *this = ArchiveFile();
    return reason;
  }
  layout::Header header;
  if (!FileSource(fd.get()).Read(&header, sizeof header, 0)) return SkipReason::kTruncated;
  tried_ = VersionOf(header);
  if (present_ && tried_ == version_) return SkipReason::kNone;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return SkipReason::kUnreadable;
  auto size = static_cast<uint64_t>(status.st_size);
  if (size > layout::kMaxSegmentBytes) return SkipReason::kCorrupt;
  AlignedBuffer bytes;
  if (!bytes.Reserve(size)) return SkipReason::kUnreadable;
  if (!FileSource(fd.get()).Read(bytes.bytes(), size, 0)) return SkipReason::kTruncated;
  SegmentReader reader;
  MemorySource source(bytes.bytes(), size);
  reason = reader.Update(source);
  if (reason != SkipReason::kNone) return reason;
  constexpr size_t kFromHere = offsetof(layout::Header, records_end);
  if (!reader.is_archive() ||
      reader.header().archive_crc != Crc32c(bytes.bytes() + kFromHere, size - kFromHere)) {
    return SkipReason::kCorrupt;
  }
  reason = reader.ReadValues(source);
  if (reason != SkipReason::kNone) return reason;
  reader_ = std::move(reader);
  version_ = VersionOf(reader_.header());
  compacted_ = {reader_.compacted().begin(), reader_.compacted().end()};
  present_ = true;
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
