// Records that contradict the file: a reader refuses the segment. Of records that contradict each other it leaves out one.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "read/segment_reader.h"
#include "support/byte_sources.h"
#include "support/families.h"
#include "support/reading.h"
#include "support/segment_image.h"
#include "support/valid_image.h"

namespace prom {
namespace {

using layout::Header;
using layout::LabelKind;
using layout::RecordState;
using layout::RecordType;
using test::Labels;
using test::MemorySource;
using test::Places;
using test::ReadAll;
using test::Refusal;
using test::RefusalWith;
using test::RefusalWithPage;
using test::RefusalWithSeries;
using test::SegmentImage;
using test::ValidImage;

TEST_CASE("every flipped bit of a record, but for those of its state, is noticed") {
  Places places;
  SegmentImage image = ValidImage(&places);
  uint64_t skip = image.Add(RecordType::kSkip, Bytes(24));
  uint64_t unknown = image.Add(static_cast<RecordType>(77), Bytes(24, 0xee));
  REQUIRE(Refusal(image.bytes()) == "none");
  for (uint64_t record : {places.first_series, skip, unknown}) {
    uint64_t end = record + image.record(record).length;
    for (uint64_t byte = record; byte < end; byte++) {
      if (byte == record + offsetof(layout::RecordHeader, state)) byte += 4;
      for (int bit = 0; bit < 8; bit++) {
        Bytes bytes = image.bytes();
        bytes[byte] = static_cast<uint8_t>(bytes[byte] ^ (1 << bit));
        if (Refusal(bytes) != "corrupt") CHECK_MESSAGE(false, "bit " << bit << " of byte " << byte - record);
      }
    }
  }
}

TEST_CASE("a record stream that ends beyond its extents, or in the middle of a record, is refused") {
  uint64_t end = ValidImage().header().records_end;
  for (uint64_t beyond : {end + 8, end + 16, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 7}) {
    CHECK(RefusalWith([&](Header& header) { header.records_end = beyond; }) == "corrupt");
  }
  for (uint64_t inside : {uint64_t{16}, uint64_t{24}, end - 8}) {
    CHECK(RefusalWith([&](Header& header) { header.records_end = inside; }) == "corrupt");
  }
  // The extent is that long, but the file is not.
  SegmentImage image = ValidImage();
  image.header().extents[1].length += 1024;
  image.header().records_end += 1024;
  CHECK(Refusal(image.bytes()) == "truncated");
  // Zeros where a record should be.
  image.bytes().resize(image.bytes().size() + 1024);
  CHECK(Refusal(image.bytes()) == "corrupt");
}

TEST_CASE("a record stream ends with a record, or at the end of an extent") {
  const uint64_t end = ValidImage().header().records_end;
  for (uint64_t beyond = 0; beyond < 32; beyond++) {
    CAPTURE(beyond);
    SegmentImage image = ValidImage();
    image.bytes().resize(image.bytes().size() + 64);
    image.header().extents[1].length = end + 64;
    image.header().records_end = end + beyond;
    CHECK(Refusal(image.bytes()) == (beyond == 0 ? "none" : "corrupt"));
    if (beyond % 8 != 0) continue;
    image.header().extents[1].length = end + beyond;
    CHECK(Refusal(image.bytes()) == (beyond < layout::kRecordHeaderSize ? "none" : "corrupt"));
  }
  // A part of a next record that looks like one.
  SegmentImage image = ValidImage();
  uint64_t next = image.Series(1, 1, layout::kHeaderSize, {{0, LabelKind::kString, "z"}});
  for (uint64_t part = 1; part < image.record(next).length; part++) {
    image.header().records_end = end + part;
    if (Refusal(image.bytes()) != "corrupt") CHECK_MESSAGE(false, part << " bytes");
  }
}

TEST_CASE("a record of an impossible length is corrupt") {
  for (uint32_t length : {0u, 8u, 15u, 17u, 20u, 0x100000u, 0x7ffffff8u, 0xfffffff8u, 0xffffffffu}) {
    Places places;
    SegmentImage image = ValidImage(&places);
    for (uint64_t place : {places.second_series, places.page}) {
      image = ValidImage(&places);
      layout::RecordHeader& head = image.record(place);
      head.length = length;
      if (place == places.page) head.type = static_cast<uint16_t>(RecordType::kSkip);
      bool inside = length >= layout::kRecordHeaderSize && length <= image.bytes().size() - place;
      if (inside) head.crc = RecordCrc(head, image.bytes().data() + place + sizeof head);
      CHECK(Refusal(image.bytes()) == "corrupt");
    }
  }
}

TEST_CASE("a series whose cells are not there is corrupt") {
  constexpr uint64_t kEnd = layout::kHeaderSize + 64 * 8;
  for (uint64_t offset : {uint64_t{0}, layout::kHeaderSize - 8, kEnd, kEnd + 8, layout::kHeaderSize + 4,
                          uint64_t{1} << 40, ~uint64_t{7}, ~uint64_t{0}}) {
    CHECK(RefusalWithSeries([&](SeriesRecord& series) { series.cells_offset = offset; }) == "corrupt");
    CHECK(RefusalWithPage([&](PageRecord& page) { page.cells_offset = offset; }) == "corrupt");
  }
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cells_offset = kEnd - 8; }) == "none");
  // In part beyond the end.
  CHECK(RefusalWithPage([](PageRecord& page) { page.cells_offset = kEnd - 31 * 8; }) == "corrupt");
  CHECK(RefusalWithPage([](PageRecord& page) { page.cells_offset = kEnd - 32 * 8; }) == "none");
}

TEST_CASE("live records that name more cells than there are, are corrupt") {
  SegmentImage image(32);
  image.Scope(0, "");
  image.Family(1, test::HistogramFamily("h", std::vector<double>(13, 1), {"l"}));
  uint64_t cells = image.Cells(16);
  auto add = [&](std::string label) {
    return image.Series(1, 16, cells, {{0, LabelKind::kString, std::move(label)}});
  };
  uint64_t first = add("a");
  add("b");  // of the same cells, which is only its owner's mistake
  CHECK(Refusal(image.bytes()) == "none");
  SegmentReader reader;
  MemorySource source(image.bytes());
  CHECK((ReadAll(reader, source) == SkipReason::kNone));
  add("c");
  CHECK(Refusal(image.bytes()) == "corrupt");
  source.bytes = image.bytes();
  CHECK((ReadAll(reader, source) == SkipReason::kCorrupt));
  // One of them was removed: another one has its cells.
  image.record(first).state = static_cast<uint32_t>(RecordState::kRemoved);
  CHECK(Refusal(image.bytes()) == "none");
  source.bytes = image.bytes();
  CHECK((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"b", "c"});
}

TEST_CASE(
    "pages and exemplars count among the cells that are named, unless they or their series were removed") {
  constexpr uint32_t kSeries = 9;
  SegmentImage image(kSeries + layout::kExemplarCells + layout::kPageCells);
  image.Scope(0, "");
  image.Family(1, test::SummaryFamily("s", {0.5}, 1));
  PageRecord page;
  page.series_offset = image.Cells(kSeries);
  page.cells_offset = layout::kHeaderSize;
  ExemplarRecord exemplar{page.series_offset, layout::kHeaderSize, 0};
  uint64_t series = image.Series(1, kSeries, page.series_offset);
  image.Add(RecordType::kExemplar, Encode(exemplar));
  uint64_t first_page = image.Add(RecordType::kPage, Encode(page));
  CHECK(Refusal(image.bytes()) == "none");
  SegmentImage more = image;
  uint64_t removed = 0;
  SUBCASE("a page too many") {
    more.Add(RecordType::kPage, Encode(page));
    removed = first_page;
  }
  SUBCASE("an exemplar too many") {
    more.Add(RecordType::kExemplar, Encode(exemplar));
    removed = series;
  }
  CHECK(Refusal(more.bytes()) == "corrupt");
  more.record(removed).state = static_cast<uint32_t>(RecordState::kRemoved);
  CHECK(Refusal(more.bytes()) == "none");
}

TEST_CASE("a series that does not fit its family is left out") {
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.family = 99; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.family = 2; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = 0; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = 2; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = ~0u; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.labels[0].name = 1; }) == "left out");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.labels[0].name = 0xffff; }) == "left out");
}

TEST_CASE("a page that does not fit its series is left out, and one without a series is none") {
  CHECK(RefusalWithPage([](PageRecord& page) { page.slot = 1; }) == "left out");
  CHECK(RefusalWithPage([](PageRecord& page) { page.slot = 0xffff; }) == "left out");
  CHECK(RefusalWithPage([](PageRecord& page) { page.series_offset = layout::kHeaderSize; }) == "left out");
  CHECK(RefusalWithPage([](PageRecord& page) { page.series_offset = 8; }) == "none");
}

TEST_CASE("a family that is defined again with other cells or label names is left out") {
  auto refusal = [](FamilyRecord again) {
    SegmentImage image;
    image.Family(1, test::HistogramFamily("h", {1, 2}, {"l"}));
    image.Family(1, std::move(again));
    return Refusal(image.bytes());
  };
  CHECK(refusal(test::HistogramFamily("h", {1, 2}, {"l"}, layout::MergeMode::kLiveMax)) == "none");
  CHECK(refusal(test::HistogramFamily("h", {1, 2, 3}, {"l"})) == "left out");
  CHECK(refusal(test::HistogramFamily("h", {1, 2}, {"m"})) == "left out");
  CHECK(refusal(test::HistogramFamily("h", {1, 2}, {"l", "m"})) == "left out");
  CHECK(refusal(test::GaugeFamily("h", layout::MergeMode::kLiveSum, {"l"})) == "left out");
}

}  // namespace
}  // namespace prom
