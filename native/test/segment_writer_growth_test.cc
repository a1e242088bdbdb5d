// Growth of a segment, record by record and cell by cell, and the reuse of freed cells.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "read/segment_reader.h"
#include "segment/segment_writer.h"
#include "support/files.h"
#include "support/must.h"
#include "support/reading.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::RecordHeader;
using layout::RecordType;
using test::Cells;
using test::Must;
using test::Read;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

TEST_CASE("a segment of many chunks has all its records, and no cell has moved") {
  TemporaryDirectory directory;
  for (bool in_file : {true, false}) {
    TestSegment segment = in_file ? TestSegment::InFile(directory.path()) : TestSegment::InMemory();
    uint32_t family = segment.Family(test::HistogramFamily("h", {1, 2, 3, 4, 5}, {"l"}));
    std::vector<TestSeries> series;
    for (int i = 0; i < 6000; i++) {
      series.push_back(segment.Series(family, {"label number " + std::to_string(i)}));
      series.back().cells[0] = i;
      series.back().cells[1] = 1;
      series.back().cells[2] = 1;
    }
    const Header& header = segment.writer().header();
    int extents[3] = {};
    uint64_t end = layout::kHeaderSize;
    for (uint32_t i = 0; i < header.extent_count; i++) {
      const layout::Extent& extent = header.extents[i];
      CHECK(extent.index == static_cast<uint32_t>(extents[extent.type]++));
      CHECK(extent.offset == end);
      if (i >= 2) CHECK(extent.offset % layout::kGranule == 0);
      end = extent.offset + extent.length;
    }
    CHECK(extents[static_cast<int>(ExtentType::kRecords)] >= 4);
    CHECK(extents[static_cast<int>(ExtentType::kCells)] >= 4);
    CHECK(segment.writer().extent_count() == static_cast<size_t>(extents[2]));

    std::set<const double*> places;
    bool all_kept = true;
    for (size_t i = 0; i < series.size(); i++) {
      places.insert(series[i].cells);
      all_kept = all_kept && series[i].cells[0] == static_cast<double>(i);
      const CellExtent& extent = segment.writer().extent(series[i].range.extent);
      all_kept = all_kept && series[i].cells == extent.data + series[i].range.index;
      all_kept = all_kept && series[i].range.file_offset == extent.file_offset + series[i].range.index * 8;
    }
    CHECK(all_kept);
    CHECK(places.size() == series.size());

    SegmentReader reader = Read(segment.source());
    REQUIRE(reader.series().size() == series.size());
    bool all_read = true;
    for (size_t i = 0; i < series.size(); i++) {
      const ReadSeries& read = reader.series()[i];
      all_read = all_read && read.record.labels[0].text == "label number " + std::to_string(i) &&
                 reader.values()[read.cell] == static_cast<double>(i);
    }
    CHECK(all_read);
  }
}

TEST_CASE("new cells are zero") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(300, 1), {"l"}));
  for (int i = 0; i < 50; i++) {
    TestSeries series = segment.Series(family, {std::to_string(i)});
    CHECK(std::all_of(series.cells, series.cells + series.count, [](double cell) { return cell == 0; }));
    std::fill_n(series.cells, series.count, 1.0);
  }
}

// Leaves `left` bytes of the first D extent, then appends one more record.
void CheckTail(uint64_t left) {
  CAPTURE(left);
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries before = segment.Series(family, {"before"});
  *before.cells = 1;
  uint64_t fill = test::kFirstRecords - left - segment.writer().header().records_end;
  Must(segment.AppendUnknown(fill));
  CHECK(segment.writer().header().records_end == test::kFirstRecords - left);
  CHECK(segment.writer().header().extent_count == 2);
  // A reader that begins now and stays.
  SegmentReader reader = Read(segment.source());

  TestSeries after = segment.Series(family, {"after"});
  *after.cells = 2;
  CHECK(segment.writer().header().extent_count == 3);
  CHECK(segment.writer().header().records_end > test::kFirstRecords);
  if (left >= layout::kRecordHeaderSize) {
    Bytes bytes = test::ReadWholeFile(segment.writer().path());
    RecordHeader skip{};
    std::memcpy(&skip, bytes.data() + layout::kFirstCellsOffset - left, sizeof skip);
    CHECK(skip.type == static_cast<uint16_t>(RecordType::kSkip));
    CHECK(skip.length == left);
    CHECK(skip.crc == RecordCrc(skip, bytes.data() + layout::kFirstCellsOffset - left + sizeof skip));
  }
  uint64_t version = reader.version();
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(reader.version() == version);
  SegmentReader fresh = Read(segment.writer().path());
  for (const SegmentReader* each : {&reader, &fresh}) {
    CHECK(each->series().size() == 2);
    CHECK(*Cells(*each, "before") == 1);
    CHECK(*Cells(*each, "after") == 2);
  }
  segment.Remove(after);
  CHECK(Read(segment.source()).series().size() == 1);
}

TEST_CASE("a record that fills an extent to the last byte leaves nothing to skip") { CheckTail(0); }
TEST_CASE("a tail too short for a record is left as it is") { CheckTail(8); }
TEST_CASE("a tail with room for the header of a record only is skipped") { CheckTail(16); }
TEST_CASE("a tail with too little room for the record is skipped") {
  CheckTail(24);
  CheckTail(48);
}

TEST_CASE("a record of the greatest length gets an extent of its own and reads back") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  std::string label(layout::kMaxRecord - 16 - 28 - 8, 'x');
  *segment.Series(family, {label}).cells = 5;
  *segment.Series(family, {"small"}).cells = 6;
  SegmentReader reader = Read(segment.source());
  CHECK(*Cells(reader, label) == 5);
  CHECK(*Cells(reader, "small") == 6);
}

TEST_CASE("freed cells are zero and used again for the same number of cells") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  TestSeries a = segment.Series(counter, {"a"});
  TestSeries b = segment.Series(counter, {"b"});
  TestSeries h = segment.Series(histogram, {"a"});
  *a.cells = 11;
  *b.cells = 12;
  std::fill_n(h.cells, h.count, 13.0);
  segment.Remove(a);
  segment.Remove(h);
  CHECK(*a.cells == 11);  // until another record needs them, they stay as they were for readers that are late
  CHECK(h.cells[0] == 13);
  CHECK(segment.writer().header().removals == 2);

  TestSeries again = segment.Series(histogram, {"again"});
  CHECK(again.cells == h.cells);
  CHECK(std::all_of(again.cells, again.cells + again.count, [](double cell) { return cell == 0; }));
  TestSeries c = segment.Series(counter, {"c"});
  CHECK(c.cells == a.cells);
  CHECK(*c.cells == 0);
  TestSeries d = segment.Series(counter, {"d"});
  CHECK(d.cells != a.cells);
  CHECK(d.cells != b.cells);
  CHECK(*b.cells == 12);
}

TEST_CASE("adding and removing without end needs no more cells") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(100, 1), {"l"}));
  for (int i = 0; i < 1000; i++) segment.Remove(segment.Series(family, {std::to_string(i)}));
  CHECK(segment.writer().extent_count() == 1);
}

}  // namespace
}  // namespace prom
