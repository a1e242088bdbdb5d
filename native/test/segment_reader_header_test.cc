// Files whose header, extent table or length a reader refuses, and those that it does not.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "read/segment_reader.h"
#include "support/byte_sources.h"
#include "support/reading.h"
#include "support/segment_image.h"
#include "support/test_segment.h"
#include "support/valid_image.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::RecordType;
using test::Cells;
using test::Labels;
using test::MemorySource;
using test::ReadAll;
using test::Refusal;
using test::RefusalWith;
using test::RefusalWithPage;
using test::RefusalWithSeries;
using test::SegmentImage;
using test::TestSegment;
using test::ValidImage;

TEST_CASE("the valid segment that other tests damage is one") {
  SegmentReader reader;
  CHECK((ReadAll(reader, MemorySource(ValidImage().bytes())) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(*Cells(reader, "a") == 3);
  CHECK(*Cells(reader, "b") == 4);
  CHECK(reader.series()[3].pages.size() == 1);
  CHECK(RefusalWith([](Header&) {}) == "none");
  CHECK(RefusalWithSeries([](SeriesRecord&) {}) == "none");
  CHECK(RefusalWithPage([](PageRecord&) {}) == "none");
}

TEST_CASE("a file without a whole header is truncated") {
  CHECK(Refusal({}) == "truncated");
  CHECK(Refusal(Bytes(1)) == "truncated");
  Bytes valid = ValidImage().bytes();
  CHECK(Refusal(Bytes(valid.begin(), valid.begin() + layout::kHeaderSize - 1)) == "truncated");
}

TEST_CASE("a segment that was cut anywhere is refused") {
  Bytes valid = ValidImage().bytes();
  for (size_t length = layout::kHeaderSize; length < valid.size(); length++) {
    Bytes part(valid.begin(), valid.begin() + static_cast<ptrdiff_t>(length));
    if (Refusal(part) != "truncated") CHECK_MESSAGE(false, length << " of " << valid.size());
  }
  // Cells last: the cut is then seen when they are read.
  TestSegment segment = TestSegment::InMemory();
  *segment.Series(segment.Family(test::CounterFamily("c", {"l"})), {"a"}).cells = 1;
  Bytes bytes(layout::kFirstCellsOffset + 8);
  REQUIRE(segment.source().Read(bytes.data(), bytes.size(), 0));
  CHECK(Refusal(bytes) == "none");
  bytes.pop_back();
  CHECK(Refusal(bytes) == "truncated");
}

TEST_CASE("other bytes are foreign") {
  std::mt19937 random(1);
  for (int i = 0; i < 100; i++) {
    Bytes bytes(layout::kHeaderSize + random() % 4096);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
    CHECK(Refusal(bytes) == "foreign");
  }
  CHECK(Refusal(Bytes(8192)) == "foreign");
  for (int i = 0; i < 8; i++) {
    CHECK(RefusalWith([i](Header& header) { header.magic[i] ^= 1; }) == "foreign");
  }
}

TEST_CASE("a later version, another byte order and an unknown necessity are not read") {
  CHECK(RefusalWith([](Header& header) { header.major = 2; }) == "version");
  CHECK(RefusalWith([](Header& header) { header.major = 0; }) == "version");
  CHECK(RefusalWith([](Header& header) { header.endian_mark = 0x04030201; }) == "version");
  CHECK(RefusalWith([](Header& header) { header.incompat_bits = 1u << 31; }) == "version");
}

TEST_CASE("a later minor version and unknown options are read") {
  CHECK(RefusalWith([](Header& header) { header.minor = 9; }) == "none");
  CHECK(RefusalWith([](Header& header) { header.compat_bits = ~0u; }) == "none");
  SegmentImage image = ValidImage();
  image.Add(static_cast<RecordType>(77), Bytes(24, 0xee));
  image.header().extents[2] = {~uint64_t{7}, 8, 9, 0, 0};
  CHECK(Refusal(image.bytes()) == "none");
}

TEST_CASE("a header that contradicts itself is corrupt") {
  CHECK(RefusalWith([](Header& header) { header.header_size = 8192; }) == "corrupt");
  CHECK(RefusalWith([](Header& header) {
          header.kind = static_cast<uint32_t>(layout::FileKind::kArchive);
        }) == "corrupt");
  CHECK(RefusalWith([](Header& header) { header.extent_count = layout::kMaxExtents + 1; }) == "corrupt");
  CHECK(RefusalWith([](Header& header) { header.extent_count = ~0u; }) == "corrupt");
}

TEST_CASE("every flipped bit of the identity is noticed") {
  Bytes valid = ValidImage().bytes();
  for (size_t bit = 0; bit < 256 * 8; bit++) {
    Bytes bytes = valid;
    bytes[bit / 8] = static_cast<uint8_t>(bytes[bit / 8] ^ (1 << (bit % 8)));
    if (Refusal(bytes) == "none") CHECK_MESSAGE(false, "bit " << bit % 8 << " of byte " << bit / 8);
  }
}

std::string RefusalWithExtent(uint32_t index, const std::function<void(layout::Extent&)>& change) {
  return RefusalWith([&](Header& header) { change(header.extents[index]); });
}

TEST_CASE("an extent table that lies is refused") {
  using layout::Extent;
  for (uint32_t index : {0u, 1u}) {
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.offset = 0; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.offset = layout::kHeaderSize - 8; }) ==
          "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.offset += 4; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.offset = ~uint64_t{7}; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.length += 4; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.length = ~uint64_t{7}; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.length = layout::kMaxSegmentBytes + 8; }) ==
          "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.length = layout::kMaxSegmentBytes; }) ==
          "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.length = 0; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.type = 3; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.type ^= 3; }) == "corrupt");
    CHECK(RefusalWithExtent(index, [](Extent& extent) { extent.offset += 1 << 20; }) != "none");
  }
  CHECK(RefusalWith([](Header& header) { header.extent_count = 0; }) == "corrupt");
  CHECK(RefusalWith([](Header& header) { header.extent_count = 1; }) == "corrupt");
  // Longer than the file, with nothing in use beyond it.
  CHECK(RefusalWithExtent(1, [](Extent& extent) { extent.length += 1 << 20; }) == "none");
}

TEST_CASE("a table of many large extents does not make the reader reserve them all") {
  SegmentImage image = ValidImage();
  Header& header = image.header();
  for (uint32_t i = 2; i < layout::kMaxExtents; i++) {
    header.extents[i] = {layout::kHeaderSize, layout::kMaxSegmentBytes / 16,
                         static_cast<uint32_t>(ExtentType::kCells), i, 0};
  }
  header.extent_count = layout::kMaxExtents;
  CHECK(Refusal(image.bytes()) == "corrupt");
}

// A header that a reader copies while the owner grows the segment: in the first copy that has it, one field is newer than the rest.
class TornHeader : public ByteSource {
 public:
  TornHeader(const Bytes& before, const ByteSource& now, size_t field, size_t size)
      : before_(before), now_(now), field_(field), size_(size) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    if (!now_.Read(to, length, offset)) return false;
    if (torn_ || offset > field_ || offset + length < field_ + size_) return true;
    torn_ = true;
    auto* bytes = static_cast<uint8_t*>(to);
    for (uint64_t at = offset; at < offset + length && at < before_.size(); at++) {
      if (at < field_ || at >= field_ + size_) bytes[at - offset] = before_[at];
    }
    return true;
  }

 private:
  const Bytes& before_;
  const ByteSource& now_;
  size_t field_, size_;
  mutable bool torn_ = false;
};

TEST_CASE("a copy of the header in which one number is newer than the rest hides no segment") {
  for (auto [offset, size] : {std::pair{offsetof(Header, records_end), sizeof(Header::records_end)},
                              {offsetof(Header, extent_count), sizeof(Header::extent_count)}}) {
    for (bool known : {false, true}) {
      size_t field = offset;
      CAPTURE(field);
      CAPTURE(known);
      TestSegment segment = TestSegment::InMemory();
      uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
      segment.Series(family, {"first"});
      SegmentReader reader;
      if (known) REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
      Bytes before(layout::kHeaderSize);
      REQUIRE(segment.source().Read(before.data(), before.size(), 0));
      for (int i = 0; i < 10'000; i++) segment.Series(family, {std::to_string(i)});
      REQUIRE(segment.writer().header().extent_count > 4);
      TornHeader source(before, segment.source(), field, size);
      CHECK((ReadAll(reader, source) == SkipReason::kNone));
      CHECK(Labels(reader).at(0) == "first");
    }
  }
}

TEST_CASE("of records that are one large extent a reader keeps a part in memory") {
  SegmentImage image;
  image.Scope(0, "");
  image.Family(1, test::CounterFamily("c", {"l"}));
  uint64_t cells = image.Cells(1);
  for (int i = 0; i < 100; i++) {
    image.Add(static_cast<RecordType>(999), Bytes(layout::kMaxRecord - layout::kRecordHeaderSize, 1));
  }
  image.Series(1, 1, cells, {{0, layout::LabelKind::kString, "last"}});
  uint64_t longest = 0;
  MemorySource bytes(image.bytes());
  test::WatchedSource source(bytes, [&](uint64_t length, uint64_t) { longest = std::max(longest, length); });
  SegmentReader reader;
  CHECK((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"last"});
  CHECK(longest <= layout::kMaxChunk);
}

}  // namespace
}  // namespace prom
