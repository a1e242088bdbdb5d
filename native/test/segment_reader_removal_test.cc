// Series that are removed, and cells that go to another series, before and while a reader reads them.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "read/segment_reader.h"
#include "support/byte_sources.h"
#include "support/reading.h"
#include "support/segment_image.h"
#include "support/test_segment.h"
#include "support/valid_image.h"

namespace prom {
namespace {

using layout::RecordState;
using test::Cells;
using test::Described;
using test::Labels;
using test::MemorySource;
using test::Places;
using test::ReadAll;
using test::SegmentImage;
using test::TestSegment;
using test::TestSeries;
using test::ValidImage;
using test::WatchedSource;

// A counter with two series, which stand at 1 and 2.
struct TwoCounters {
  TwoCounters() {
    *a.cells = 1;
    *b.cells = 2;
  }

  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries a = segment.Series(family, {"a"});
  TestSeries b = segment.Series(family, {"b"});
};

TEST_CASE("a removed series is gone at the next update, and all records are read again") {
  auto [segment, family, a, b] = TwoCounters();
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  uint64_t version = reader.version();
  segment.Remove(a);
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(reader.version() != version);
  CHECK(Labels(reader) == std::vector<std::string>{"b"});
}

TEST_CASE("a removed family and a removed membership are read as such") {
  TestSegment segment = TestSegment::InMemory();
  segment.Family(test::CounterFamily("a"));
  segment.writer().Remove(segment.last_member_record());
  segment.Family(test::CounterFamily("b"));
  segment.writer().Remove(segment.last_family_record());
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  REQUIRE(reader.families().size() == 2);
  CHECK(reader.families()[0].live);
  CHECK_FALSE(reader.families()[1].live);
  REQUIRE(reader.members().size() == 2);
  CHECK_FALSE(reader.members()[0].live);
  CHECK(reader.members()[1].live);
}

TEST_CASE("a series that is removed between the records and the cells is not read") {
  auto [segment, family, a, b] = TwoCounters();
  SegmentReader reader;
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  uint64_t version = reader.version();
  segment.Remove(a);
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(reader.version() != version);
  CHECK(Labels(reader) == std::vector<std::string>{"b"});
  CHECK(*Cells(reader, "b") == 2);
  version = reader.version();
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(reader.version() == version);
}

TEST_CASE("cells that change hands between the records and the cells are not read as the old series") {
  auto [segment, family, a, b] = TwoCounters();
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  segment.Remove(a);
  TestSeries reused = segment.Series(family, {"new"});
  REQUIRE(reused.cells == a.cells);
  *reused.cells = 7;
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"b"});
  CHECK(*Cells(reader, "b") == 2);
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"b", "new"});
  CHECK(*Cells(reader, "new") == 7);
}

TEST_CASE("cells that change hands while they are read are not read as the old series") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::HistogramFamily("h", {1}, {"l"}));
  TestSeries old = segment.Series(family, {"old"});
  segment.Series(family, {"other"}).Observe(0.5);
  for (int i = 0; i < 3; i++) old.Observe(0.5);
  // Before each read in turn: of the header, of the records, of the cells, of the removals.
  for (int moment = 0; moment < 6; moment++) {
    int reads = 0;
    WatchedSource source(segment.source(), [&](uint64_t, uint64_t) {
      if (reads++ != moment) return;
      segment.Remove(old);
      old = segment.Series(family, {"new " + std::to_string(moment)});
      for (int i = 0; i < 10 + moment; i++) old.Observe(1.5);
    });
    SegmentReader reader;
    REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
    for (const std::string& label : Labels(reader)) {
      const double* cells = Cells(reader, label);
      if (label == "old") CHECK(cells[1] == 3);
      if (label == "other") CHECK(cells[1] == 1);
      if (label.starts_with("new")) CHECK((cells[1] == 0 || cells[1] == 10 + std::stod(label.substr(4))));
    }
  }
}

TEST_CASE("a page goes with its series") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  TestSeries old = segment.Series(family, {"old"});
  segment.ObserveSummary(old, 5);
  segment.Remove(old);
  TestSeries reused = segment.Series(family, {"new"});
  REQUIRE(reused.cells == old.cells);
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  REQUIRE(reader.series().size() == 1);
  CHECK(reader.series()[0].pages.empty());
}

TEST_CASE("an owner that uses each of its cells again and again is read each time") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t cells = (layout::kGranule - layout::kFirstCellsOffset) / sizeof(double);
  // The records, meanwhile, need extents of their own.
  for (uint32_t i = 1; i < cells; i++) segment.Series(family, {std::to_string(i)});
  TestSeries last = segment.Series(family, {"last"});
  REQUIRE(segment.writer().extent_count() == 1);
  SegmentReader reader;
  for (int round = 0; round < 5; round++) {
    REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
    CHECK(reader.series().size() == cells);
    segment.Remove(last);
    last = segment.Series(family, {"again " + std::to_string(round)});
  }
  REQUIRE(segment.writer().extent_count() == 1);
}

TEST_CASE("a removed series is not checked") {
  Places places;
  SegmentImage image = ValidImage(&places);
  layout::RecordHeader& head = image.record(places.second_series);
  head.state = static_cast<uint32_t>(RecordState::kRemoved);
  SegmentReader reader;
  CHECK((ReadAll(reader, MemorySource(image.bytes())) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"a", "c", "d"});
}

TEST_CASE("a file that turns bad between the records and the cells is refused, and learned anew later") {
  auto [segment, family, a, b] = TwoCounters();
  SegmentReader reader;
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  segment.Remove(a);  // so that the records are read again, of which the last is bad by then
  MemorySource bad{Bytes(layout::kGranule)};
  REQUIRE(segment.source().Read(bad.bytes.data(), bad.bytes.size(), 0));
  bad.bytes[layout::kFirstRecordsOffset + b.record + layout::kRecordHeaderSize] ^= 0x80;
  CHECK((reader.ReadValues(bad) == SkipReason::kCorrupt));
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  SegmentReader fresh;
  REQUIRE((ReadAll(fresh, segment.source()) == SkipReason::kNone));
  CHECK(Described(reader) == Described(fresh));
}

}  // namespace
}  // namespace prom
