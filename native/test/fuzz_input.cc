#include "fuzz_input.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

#include "base/byte_source.h"
#include "base/crc32c.h"
#include "base/unique_fd.h"
#include "group/archive.h"
#include "read/segment_reader.h"
#include "support/byte_sources.h"
#include "support/segment_image.h"

namespace prom::fuzz {

using layout::Extent;
using layout::Header;
using layout::RecordHeader;

std::vector<size_t> Records(const Bytes& part, uint64_t* end) {
  std::vector<size_t> records;
  if (part.size() < layout::kHeaderSize) return records;
  Header header;
  std::memcpy(&header, part.data(), sizeof header);
  uint64_t stream = 0;
  for (uint32_t i = 0; i < std::min(header.extent_count, layout::kMaxExtents); i++) {
    const Extent& extent = header.extents[i];
    if (extent.type != static_cast<uint32_t>(layout::ExtentType::kRecords)) continue;
    uint64_t at = 0;
    while (at + layout::kRecordHeaderSize <= extent.length && stream + at < header.records_end) {
      uint64_t offset = extent.offset + at;
      if (offset < layout::kHeaderSize || offset > part.size() - layout::kRecordHeaderSize) break;
      RecordHeader head = RecordAt(part, offset);
      if (head.length < layout::kRecordHeaderSize || head.length > part.size() - offset) break;
      records.push_back(offset);
      at += head.length;
      if (end != nullptr) *end = stream + at;
    }
    stream += extent.length;
  }
  return records;
}

void Repair(Bytes& part) {
  if (part.size() < layout::kHeaderSize) return;
  for (size_t at : Records(part)) {
    RecordHeader head = RecordAt(part, at);
    head.crc = RecordCrc(head, part.data() + at + sizeof head);
    std::memcpy(part.data() + at, &head, sizeof head);
  }
  Header& header = test::HeaderOf(part);
  if (header.kind == static_cast<uint32_t>(layout::FileKind::kArchive)) {
    constexpr size_t kFromHere = offsetof(Header, records_end);
    header.archive_crc = Crc32c(part.data() + kFromHere, part.size() - kFromHere);
  }
  test::RepairHeaderCrc(part);
}

Bytes ArchiveOf(const Input& input) {
  Archive archive({}, kNowMs);
  bool empty = true;
  for (size_t i : {kArchive, size_t{0}, size_t{1}}) {
    test::MemorySource source(input.parts[i]);
    SegmentReader reader;
    if (reader.Update(source) != SkipReason::kNone || reader.ReadValues(source) != SkipReason::kNone ||
        reader.is_archive() != (i == kArchive)) {
      continue;
    }
    archive.Add({&reader, false, true, InstanceName(reader.header())});
    if (i != kArchive) archive.AddCompacted(reader.header().segment_id);
    empty = false;
  }
  if (empty) return {};
  UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
  if (archive.Write(file.get(), {})) return {};
  Bytes bytes(static_cast<size_t>(::lseek(file.get(), 0, SEEK_END)));
  if (!FileSource(file.get()).Read(bytes.data(), bytes.size(), 0)) return {};
  // All randomness comes from the fuzzer.
  test::HeaderOf(bytes).segment_id.fill(0xa5);
  test::RepairHeaderCrc(bytes);
  return bytes;
}

}  // namespace prom::fuzz
