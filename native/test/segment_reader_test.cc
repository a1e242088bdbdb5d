#include "read/segment_reader.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support/byte_sources.h"
#include "support/files.h"
#include "support/reading.h"
#include "support/segment_image.h"
#include "support/test_segment.h"
#include "support/valid_image.h"

namespace prom {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using test::Described;
using test::Labels;
using test::MemorySource;
using test::ReadAll;
using test::SegmentImage;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;
using test::ValidImage;
using test::WatchedSource;

// One family of each type with two series each, of which everything is in use.
void FillWithEverything(TestSegment& segment) {
  segment.Scope(0, "", {{"zone", LabelKind::kString, "b"}});
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t gauge = segment.Family(test::GaugeFamily("g", MergeMode::kMostRecent, {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 2, 1000, {"l"}));
  for (std::string label : {"a", "b"}) {
    *segment.Series(counter, {label}).cells = 5;
    TestSeries set = segment.Series(gauge, {label});
    set.cells[0] = -3;
    set.cells[1] = 77;
    TestSeries observed = segment.Series(histogram, {label});
    for (double value : {0.5, 1.5, 1.7, 9.0}) observed.Observe(value);
    TestSeries summed = segment.Series(summary, {label});
    for (double value : {0.5, 100.0, 0.0, -2.0}) segment.ObserveSummary(summed, value);
  }
}

TEST_CASE("a file, its bytes and the writer's own memory all read the same") {
  TemporaryDirectory directory;
  TestSegment in_file = TestSegment::InFile(directory.path());
  TestSegment in_memory = TestSegment::InMemory();
  FillWithEverything(in_file);
  FillWithEverything(in_memory);
  UniqueFd fd = test::OpenForReading(in_file.writer().path());
  FileSource file(fd.get());
  MemorySource bytes(test::ReadWholeFile(in_file.writer().path()));
  std::string first;
  for (const ByteSource* source :
       {static_cast<const ByteSource*>(&file), static_cast<const ByteSource*>(&bytes),
        static_cast<const ByteSource*>(&in_file.source()),
        static_cast<const ByteSource*>(&in_memory.source())}) {
    SegmentReader reader;
    REQUIRE((ReadAll(reader, *source) == SkipReason::kNone));
    if (first.empty()) first = Described(reader);
    CHECK(Described(reader) == first);
  }
  CHECK(first.find("c,b 5.000000") != std::string::npos);
  CHECK(first.find("g,a -3.000000 77.000000") != std::string::npos);
  CHECK(first.find("h,a 12.700000 4.000000 1.000000 2.000000 1.000000") != std::string::npos);
  CHECK(first.find("page -1:") != std::string::npos);
}

TEST_CASE("a second update reads only new records") {
  constexpr uint64_t kHeaderRead =
      sizeof(uint64_t) + layout::kHeaderSize;  // the end of the records comes first
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  for (int i = 0; i < 500; i++) segment.Series(family, {std::to_string(i)});
  uint64_t read = 0;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t) { read += length; });
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read > 500 * 40);
  uint64_t version = reader.version();

  uint64_t end = segment.writer().header().records_end;
  segment.Series(family, {"new"});
  uint64_t added = segment.writer().header().records_end - end;
  read = 0;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read == kHeaderRead + added);
  CHECK(reader.series().size() == 501);
  CHECK(reader.version() == version);

  read = 0;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read == kHeaderRead);
  CHECK(reader.version() == version);
}

TEST_CASE("a reader that reads records piece by piece knows the same as a new reader") {
  std::mt19937 random(17);
  TestSegment segment = TestSegment::InMemory();
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  std::vector<TestSeries> observed;
  std::vector<TestSeries> summed;
  SegmentReader reader;
  for (int step = 0; step < 250; step++) {
    switch (random() % 6) {
      case 0:
        observed.push_back(segment.Series(histogram, {std::to_string(step)}));
        break;
      case 1:
        summed.push_back(segment.Series(summary, {std::to_string(step)}));
        break;
      case 2:
        if (observed.size() > 3) {
          size_t at = random() % observed.size();
          segment.Remove(observed[at]);
          observed.erase(observed.begin() + static_cast<ptrdiff_t>(at));
        }
        break;
      case 3:
        for (TestSeries& series : summed)
          segment.ObserveSummary(series, std::exp(static_cast<double>(random() % 20)));
        break;
      default:
        for (const TestSeries& series : observed) series.Observe(static_cast<double>(random() % 4));
    }
    if (random() % 3 != 0) continue;
    REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
    SegmentReader fresh;
    REQUIRE((ReadAll(fresh, segment.source()) == SkipReason::kNone));
    if (Described(reader) != Described(fresh)) CHECK(Described(reader) == Described(fresh));
  }
  CHECK(observed.size() > 3);
  CHECK(segment.writer().header().removals > 10);
}

TEST_CASE("a reader that refused a file starts anew when the file is whole again") {
  MemorySource source(ValidImage().bytes());
  const Bytes valid = source.bytes;
  SegmentReader reader;
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  std::string described = Described(reader);
  const std::vector<std::function<void()>> damages = {
      [&] { source.bytes.clear(); },
      [&] { source.bytes.resize(layout::kHeaderSize + 8); },
      [&] { source.bytes[0] = 0; },
      [&] { test::HeaderOf(source.bytes).extent_count = 1; },
      [&] { test::HeaderOf(source.bytes).extents[0].offset += 8; },
      [&] { test::HeaderOf(source.bytes).records_end += 8; },
      [&] { test::HeaderOf(source.bytes).segment_id[3] ^= 1; },  // the checksum is wrong then
  };
  for (const auto& damage : damages) {
    damage();
    CHECK((ReadAll(reader, source) != SkipReason::kNone));
    source.bytes = valid;
    CHECK((ReadAll(reader, source) == SkipReason::kNone));
    CHECK(Described(reader) == described);
  }
}

TEST_CASE("another segment in the place of a known one is learned anew") {
  SegmentImage first = ValidImage();
  SegmentImage second(16);
  second.header().segment_id[0] = 2;
  second.Scope(0, "");
  second.Family(1, test::CounterFamily("other", {"l"}));
  second.Series(1, 1, second.Cells(1), {{0, LabelKind::kString, "z"}});
  test::RepairHeaderCrc(second.bytes());
  SegmentReader reader;
  MemorySource source(first.bytes());
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  uint64_t version = reader.version();
  source.bytes = second.bytes();
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(reader.version() != version);
  CHECK(Labels(reader) == std::vector<std::string>{"z"});
}

TEST_CASE("a segment that changes at random between any two reads does no harm") {
  std::mt19937 random(99);
  const Bytes valid = ValidImage().bytes();
  int read = 0;
  for (int round = 0; round < 3000; round++) {
    MemorySource bytes(valid);
    WatchedSource source(bytes, [&](uint64_t, uint64_t) {
      for (int i = 0; i < 3; i++) {
        // Anywhere, but most of the time where the owner writes.
        size_t at = random() % 4 == 0 ? random() % bytes.bytes.size() : 256 + random() % 32;
        bytes.bytes[at] = static_cast<uint8_t>(random() % 3 ? random() % 4 : random());
      }
      if (random() % 3 == 0) bytes.bytes = valid;
      if (random() % 8 == 0) test::HeaderOf(bytes.bytes).removals++;
      test::RepairHeaderCrc(bytes.bytes);
    });
    SegmentReader reader;
    for (int scrape = 0; scrape < 3; scrape++) {
      if (ReadAll(reader, source) == SkipReason::kNone) read += !Described(reader).empty();
    }
  }
  CHECK(read > 100);
}

}  // namespace
}  // namespace prom
