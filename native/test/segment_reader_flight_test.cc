// Observations that are in flight while a reader reads their cells.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "read/segment_reader.h"
#include "support/byte_sources.h"
#include "support/must.h"
#include "support/reading.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Cells;
using test::ReadAll;
using test::TestSegment;
using test::TestSeries;
using test::WatchedSource;

// The segment, whose owner does something before each read of the series' first cell; it gets the number of the read.
WatchedSource BeforeReads(const TestSegment& segment, const TestSeries& series,
                          std::function<void(int read)> owner_does) {
  return {segment.source(), [at = series.range.file_offset, reads = 0, owner_does = std::move(owner_does)](
                                uint64_t length, uint64_t offset) mutable {
            if (offset <= at && offset + length > at) owner_does(++reads);
          }};
}

// A histogram whose owner is between the bucket and the count when the reader comes first.
TEST_CASE("an observation in flight is waited for") {
  TestSegment segment = TestSegment::InMemory();
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  series.Observe(0.5);
  series.cells[2] += 1;  // the second one has its bucket
  int reads = 0;
  WatchedSource source = BeforeReads(segment, series, [&](int read) {
    reads = read;
    if (read != 3) return;
    series.cells[0] += 0.5;
    series.cells[1] += 1;
  });
  SegmentReader reader;
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(reads >= 4);
  const double* cells = Cells(reader, "a");
  CHECK(cells[0] == 1);
  CHECK(cells[1] == 2);
  CHECK(cells[2] == 2);
}

TEST_CASE("equal reads of a histogram that is between two stores are not taken for whole") {
  TestSegment segment = TestSegment::InMemory();
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  // The owner goes on by one store before every second read, so that many pairs are equal and few are whole.
  WatchedSource source = BeforeReads(segment, series, [&](int read) {
    if (read % 2 == 0) return;
    const int order[] = {2, 0, 1};  // bucket, sum, count
    series.cells[order[read / 2 % 3]] += 1;
  });
  SegmentReader reader;
  for (int i = 0; i < 20; i++) {
    REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
    const double* cells = Cells(reader, "a");
    CHECK(cells[0] == cells[1]);
    CHECK(cells[2] == cells[1]);
  }
}

// The owner of an exemplar comes round to the slot that counts between two reads: first its value, then the text.
TEST_CASE("an exemplar is whole, or none") {
  for (int last_write : {0, 2, 4, 1000}) {
    CAPTURE(last_write);
    TestSegment segment = TestSegment::InMemory();
    TestSeries series = segment.Series(segment.Family(test::CounterFamily("c", {"l"})), {"a"});
    CellRange range = test::Must(segment.writer().AllocateCells(layout::kExemplarCells));
    test::Must(
        segment.writer().Append(layout::RecordType::kExemplar,
                                Encode(ExemplarRecord{series.range.file_offset, range.file_offset, 0})));
    double* own = segment.writer().extent(range.extent).data + range.index;
    own[0] = 1;
    TestSeries exemplar = series;
    exemplar.range = range;
    WatchedSource source = BeforeReads(segment, exemplar, [&](int read) {
      if (read <= last_write) own[read % 2 == 1 ? 1 : 4] += 1;
    });
    SegmentReader reader;
    REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
    const double* cells = reader.values() + reader.series()[0].exemplars[0].cell;
    bool settles = last_write != 1000;
    CHECK(cells[0] == (settles ? 1 : 0));
    if (settles) CHECK(cells[1] == cells[4]);
  }
}

// Cells are read in blocks of 8192, so that the sum of this one is in the first block and all else of it in the second.
TEST_CASE("an observation between the reads of two blocks does not tear a histogram that lies in both") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  for (int i = 0; i < 8191; i++) segment.Series(counter, {std::to_string(i)});
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  series.Observe(1);
  uint64_t at = series.range.file_offset + sizeof(double);
  int reads = 0;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t offset) {
    if (offset <= at && offset + length > at && reads++ == 0) series.Observe(1);
  });
  SegmentReader reader;
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  REQUIRE(reader.series().back().cell == 8191);
  CHECK(reads > 2);
  const double* cells = Cells(reader, "a");
  CHECK(cells[0] == 2);
  CHECK(cells[1] == 2);
  CHECK(cells[2] == 2);
}

TEST_CASE("an observation that its owner never finished is given up on after a few reads") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1}, {"l"}));
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  TestSeries series = segment.Series(histogram, {"a"});
  series.Observe(0.5);
  series.cells[2] += 1;
  TestSeries summed = segment.Series(summary, {"b"});
  segment.ObserveSummary(summed, 2);
  summed.cells[4] += 1;
  int reads = 0;
  WatchedSource source(segment.source(), [&](uint64_t, uint64_t) { reads++; });
  SegmentReader reader;
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(reads < 40);
  CHECK(Cells(reader, "a")[2] == 2);
  CHECK(Cells(reader, "b")[4] == 2);
}

TEST_CASE("of reads that are all skewed the least skewed is taken") {
  TestSegment segment = TestSegment::InMemory();
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  WatchedSource source = BeforeReads(segment, series, [&](int read) {
    series.cells[2] = 100 + read;
    series.cells[1] = read == 6 ? 105 : 90;
  });
  SegmentReader reader;
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(Cells(reader, "a")[1] == 105);
  CHECK(Cells(reader, "a")[2] == 106);
}

TEST_CASE("a histogram that holds NaN is read without waiting for ever") {
  TestSegment segment = TestSegment::InMemory();
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  std::fill_n(series.cells, series.count, NAN);
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(std::isnan(Cells(reader, "a")[1]));
}

}  // namespace
}  // namespace prom
