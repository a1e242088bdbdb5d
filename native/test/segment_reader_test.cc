#include "../segment_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "support.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::LabelKind;
using layout::MergeMode;
using layout::RecordState;
using layout::RecordType;
using test::MemorySource;
using test::SegmentImage;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;
using test::WatchedSource;

constexpr uint64_t kRemovalsAt = offsetof(Header, removals);

SkipReason ReadAll(SegmentReader& reader, const ByteSource& source) {
  SkipReason reason = reader.Update(source);
  return reason == SkipReason::kNone ? reader.ReadValues(source) : reason;
}

// Why a new reader refuses these bytes.
std::string Refusal(Bytes bytes) {
  bytes.shrink_to_fit();
  SegmentReader reader;
  return SkipReasonName(ReadAll(reader, MemorySource(std::move(bytes))));
}

// Everything that a reader knows, as one text.
std::string Described(const SegmentReader& reader) {
  std::string text;
  for (const ReadFamily& family : reader.families()) {
    text += "family " + family.record.name + (family.live ? "\n" : " removed\n");
  }
  for (const ReadMember& member : reader.members()) {
    text +=
        "member " + std::to_string(member.record.scope) + ' ' + std::to_string(member.record.family) + '\n';
  }
  for (const ScopeRecord& scope : reader.scopes()) text += "scope " + scope.name + '\n';
  for (const ReadSeries& series : reader.series()) {
    text += reader.families()[series.family].record.name;
    for (const SeriesLabel& label : series.record.labels) text += ',' + label.text;
    for (uint32_t i = 0; i < series.record.cell_count; i++) {
      text += ' ' + std::to_string(reader.values()[series.cell + i]);
    }
    for (const ReadPage& page : series.pages) {
      text += " page " + std::to_string(page.number) + ':';
      for (uint32_t i = 0; i < layout::kPageCells; i++)
        text += ' ' + std::to_string(reader.values()[page.cell + i]);
    }
    text += '\n';
  }
  return text;
}

std::vector<std::string> Labels(const SegmentReader& reader) {
  std::vector<std::string> labels;
  for (const ReadSeries& series : reader.series()) labels.push_back(series.record.labels.at(0).text);
  return labels;
}

const double* Cells(const SegmentReader& reader, const std::string& label) {
  for (const ReadSeries& series : reader.series()) {
    if (series.record.labels.at(0).text == label) return reader.values() + series.cell;
  }
  FAIL("no series " << label);
  return nullptr;
}

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

TEST_CASE("a second update reads only what is new") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  for (int i = 0; i < 500; i++) segment.Series(family, {std::to_string(i)});
  uint64_t read = 0;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t) { read += length; });
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read > 500 * 40);
  uint64_t epoch = reader.epoch();

  uint64_t end = segment.writer().header().records_end;
  segment.Series(family, {"new"});
  uint64_t added = segment.writer().header().records_end - end;
  read = 0;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read == layout::kHeaderSize + added);
  CHECK(reader.series().size() == 501);
  CHECK(reader.epoch() == epoch);

  read = 0;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  CHECK(read == layout::kHeaderSize);
  CHECK(reader.epoch() == epoch);
}

TEST_CASE("what a reader learned piece by piece is what a new reader learns at once") {
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

TEST_CASE("a removed series is gone at the next update, and everything learned is learned anew") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries a = segment.Series(family, {"a"});
  segment.Series(family, {"b"});
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  uint64_t epoch = reader.epoch();
  segment.Remove(a);
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(reader.epoch() != epoch);
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
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries a = segment.Series(family, {"a"});
  TestSeries b = segment.Series(family, {"b"});
  *a.cells = 1;
  *b.cells = 2;
  SegmentReader reader;
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  uint64_t epoch = reader.epoch();
  segment.Remove(a);
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(reader.epoch() != epoch);
  CHECK(Labels(reader) == std::vector<std::string>{"b"});
  CHECK(*Cells(reader, "b") == 2);
  epoch = reader.epoch();
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(reader.epoch() == epoch);
}

TEST_CASE("cells that change hands between the records and the cells are not read as the old series") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries old = segment.Series(family, {"old"});
  TestSeries other = segment.Series(family, {"other"});
  *old.cells = 1;
  *other.cells = 5;
  SegmentReader reader;
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  segment.Remove(old);
  TestSeries reused = segment.Series(family, {"new"});
  REQUIRE(reused.cells == old.cells);
  *reused.cells = 7;
  REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"other"});
  CHECK(*Cells(reader, "other") == 5);
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"other", "new"});
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

// A histogram whose owner is between the bucket and the count when the reader comes first.
TEST_CASE("an observation in flight is waited for") {
  TestSegment segment = TestSegment::InMemory();
  TestSeries series = segment.Series(segment.Family(test::HistogramFamily("h", {1}, {"l"})), {"a"});
  series.Observe(0.5);
  series.cells[2] += 1;  // the second one has its bucket
  int reads = 0;
  uint64_t at = series.range.file_offset;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t offset) {
    if (offset > at || offset + length <= at || ++reads != 3) return;
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
  int reads = 0;
  uint64_t at = series.range.file_offset;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t offset) {
    if (offset > at || offset + length <= at || reads++ % 2 != 0) return;
    const int order[] = {2, 0, 1};  // bucket, sum, count
    series.cells[order[reads / 2 % 3]] += 1;
  });
  SegmentReader reader;
  for (int i = 0; i < 20; i++) {
    REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
    const double* cells = Cells(reader, "a");
    CHECK(cells[0] == cells[1]);
    CHECK(cells[2] == cells[1]);
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
  int reads = 0;
  uint64_t at = series.range.file_offset;
  WatchedSource source(segment.source(), [&](uint64_t length, uint64_t offset) {
    if (offset > at || offset + length <= at) return;
    reads++;
    series.cells[2] = 100 + reads;
    series.cells[1] = reads == 6 ? 105 : 90;
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

// A small valid segment: a counter of one label with two series, a histogram and a summary with a page.
struct Places {
  uint64_t family;
  uint64_t first_series;
  uint64_t second_series;
  uint64_t page;
  uint64_t summary_cells;
};

SegmentImage ValidImage(Places* places = nullptr) {
  SegmentImage image(64);
  Places at{};
  image.Scope(0, "");
  at.family = image.Family(1, test::CounterFamily("c", {"l"}));
  uint64_t a = image.Cells(1);
  at.first_series = image.Series(1, 1, a, {{0, LabelKind::kString, "a"}});
  uint64_t b = image.Cells(1);
  at.second_series = image.Series(1, 1, b, {{0, LabelKind::kString, "b"}});
  image.Family(2, test::HistogramFamily("h", {1}, {"l"}));
  image.Series(2, 4, image.Cells(4), {{0, LabelKind::kString, "c"}});
  image.Family(3, test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  at.summary_cells = image.Cells(9);
  image.Series(3, 9, at.summary_cells, {{0, LabelKind::kString, "d"}});
  PageRecord page;
  page.series_offset = at.summary_cells;
  page.cells_offset = image.Cells(layout::kPageCells);
  at.page = image.Add(RecordType::kPage, Encode(page));
  *image.cells(a) = 3;
  *image.cells(b) = 4;
  if (places != nullptr) *places = at;
  return image;
}

// Changes fields of the header's identity and makes its checksum right again.
std::string RefusalWith(const std::function<void(Header&)>& change) {
  SegmentImage image = ValidImage();
  change(image.header());
  test::RepairHeaderCrc(image.bytes());
  return Refusal(image.bytes());
}

template <typename Record, typename Decode>
std::string RefusalWithRecord(uint64_t Places::*place, Decode decode,
                              const std::function<void(Record&)>& change) {
  Places places;
  SegmentImage image = ValidImage(&places);
  uint64_t at = places.*place;
  layout::RecordHeader& head = image.record(at);
  uint64_t length = head.length - layout::kRecordHeaderSize;
  uint8_t* body = image.bytes().data() + at + layout::kRecordHeaderSize;
  auto record = decode(std::span<const uint8_t>(body, length));
  REQUIRE(record.has_value());
  change(*record);
  Bytes changed = Encode(*record);
  REQUIRE(changed.size() <= length);
  changed.resize(length);
  std::copy(changed.begin(), changed.end(), body);
  head.crc = RecordCrc(head, body);
  return Refusal(image.bytes());
}

std::string RefusalWithSeries(const std::function<void(SeriesRecord&)>& change) {
  return RefusalWithRecord<SeriesRecord>(&Places::second_series, DecodeSeries, change);
}

std::string RefusalWithPage(const std::function<void(PageRecord&)>& change) {
  return RefusalWithRecord<PageRecord>(&Places::page, DecodePage, change);
}

TEST_CASE("the valid segment of the tests below is one") {
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

TEST_CASE("a table that names many great extents makes nobody reserve them all") {
  SegmentImage image = ValidImage();
  Header& header = image.header();
  for (uint32_t i = 2; i < layout::kMaxExtents; i++) {
    header.extents[i] = {layout::kHeaderSize, layout::kMaxSegmentBytes / 16,
                         static_cast<uint32_t>(ExtentType::kCells), i, 0};
  }
  header.extent_count = layout::kMaxExtents;
  CHECK(Refusal(image.bytes()) == "corrupt");
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
  // One of them was removed: its cells are another's.
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

TEST_CASE("a series that does not fit its family is corrupt") {
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.family = 99; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.family = 2; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = 0; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = 2; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.cell_count = ~0u; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.labels[0].name = 1; }) == "corrupt");
  CHECK(RefusalWithSeries([](SeriesRecord& series) { series.labels[0].name = 0xffff; }) == "corrupt");
}

TEST_CASE("a page that does not fit its series is corrupt, and one without a series is none") {
  CHECK(RefusalWithPage([](PageRecord& page) { page.slot = 1; }) == "corrupt");
  CHECK(RefusalWithPage([](PageRecord& page) { page.slot = 0xffff; }) == "corrupt");
  CHECK(RefusalWithPage([](PageRecord& page) { page.series_offset = layout::kHeaderSize; }) == "corrupt");
  CHECK(RefusalWithPage([](PageRecord& page) { page.series_offset = 8; }) == "none");
}

TEST_CASE("a series that was removed is not looked at") {
  Places places;
  SegmentImage image = ValidImage(&places);
  layout::RecordHeader& head = image.record(places.second_series);
  head.state = static_cast<uint32_t>(RecordState::kRemoved);
  SegmentReader reader;
  CHECK((ReadAll(reader, MemorySource(image.bytes())) == SkipReason::kNone));
  CHECK(Labels(reader) == std::vector<std::string>{"a", "c", "d"});
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

TEST_CASE("a file that turns bad between the records and the cells is refused, and learned anew later") {
  TestSegment segment = TestSegment::InMemory();
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  TestSeries a = segment.Series(family, {"a"});
  TestSeries b = segment.Series(family, {"b"});
  SegmentReader reader;
  REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
  segment.Remove(a);  // so that the records are read again, of which the last is bad by then
  MemorySource bad(Bytes(layout::kGranule));
  REQUIRE(segment.source().Read(bad.bytes.data(), bad.bytes.size(), 0));
  bad.bytes[layout::kFirstRecordsOffset + b.record + layout::kRecordHeaderSize] ^= 0x80;
  CHECK((reader.ReadValues(bad) == SkipReason::kCorrupt));
  REQUIRE((ReadAll(reader, segment.source()) == SkipReason::kNone));
  SegmentReader fresh;
  REQUIRE((ReadAll(fresh, segment.source()) == SkipReason::kNone));
  CHECK(Described(reader) == Described(fresh));
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
  uint64_t epoch = reader.epoch();
  source.bytes = second.bytes();
  REQUIRE((ReadAll(reader, source) == SkipReason::kNone));
  CHECK(reader.epoch() != epoch);
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
