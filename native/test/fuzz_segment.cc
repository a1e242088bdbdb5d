// Feeds arbitrary bytes to everything that reads segments, and compares what goes along from scrape to scrape with what
// starts anew.
//
//   input   0         4       5       8
//           +---------+-------+-------+------------------+------------------+
//           | length  | reads | 0 0 0 | first segment    | second segment   |
//           +---------+-------+-------+------------------+------------------+
//
// `length` is the first segment's. After `reads` reads the bytes of the first turn into those of the second: what a
// reader sees whose owner goes on meanwhile.
//
//   fuzz-segment --write-corpus DIRECTORY     writes the seeds instead
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "../group.h"
#include "../merge.h"
#include "support.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace prom {
namespace {

using layout::Extent;
using layout::ExtentType;
using layout::Header;
using layout::LabelKind;
using layout::MergeMode;
using layout::RecordHeader;
using layout::RecordType;
using test::MemorySource;
using test::SegmentImage;

constexpr size_t kPrefix = 8;
constexpr double kNowMs = 1.7e12;
// The seeds' records may grow to this, which is beyond the end of their files.
constexpr uint64_t kRecordsRoom = 32 * 1024;

struct Input {
  uint8_t reads = 0;
  Bytes segments[2];

  static Input Of(const uint8_t* data, size_t size) {
    Input input;
    if (size < kPrefix) return input;
    uint32_t length;
    std::memcpy(&length, data, sizeof length);
    input.reads = data[4];
    size_t first = std::min<size_t>(length, size - kPrefix);
    input.segments[0].assign(data + kPrefix, data + kPrefix + first);
    input.segments[1].assign(data + kPrefix + first, data + size);
    return input;
  }
  Bytes ToBytes() const {
    Bytes bytes(kPrefix);
    auto length = static_cast<uint32_t>(segments[0].size());
    std::memcpy(bytes.data(), &length, sizeof length);
    bytes[4] = reads;
    for (const Bytes& segment : segments) bytes.insert(bytes.end(), segment.begin(), segment.end());
    return bytes;
  }
};

// Turns from one content into another after so many reads.
class TurningSource : public ByteSource {
 public:
  TurningSource(const Bytes& before, const Bytes& after, int reads)
      : before_(before), after_(after), reads_(reads) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    const MemorySource& now = reads_ > 0 ? before_ : after_;
    if (reads_ > 0) reads_--;
    return now.Read(to, length, offset);
  }

 private:
  MemorySource before_;
  MemorySource after_;
  mutable int reads_;
};

OwnerIdentity Self() {
  OwnerIdentity self;
  self.pid = self.tid = 1;
  return self;
}

// All formats of both scopes, and one family.
std::string RenderAll(Group& group, const std::vector<std::shared_ptr<const ByteSource>>& segments) {
  Scrape scrape;
  scrape.view = {{"", "1"}, true};
  scrape.now_ms = kNowMs;
  scrape.private_segments = segments;
  std::string all(group.Render(scrape).value().view());
  scrape.format = Format::kOpenMetrics;
  all += group.Render(scrape).value().view();
  scrape.format = Format::kJson;
  all += group.Render(scrape).value().view();
  scrape.view.default_labels = false;
  scrape.name = "c";
  all += group.Render(scrape).value().view();
  return all;
}

// Where the records of a segment are, as far as it is one. `end` is where in the stream the last of them ends.
std::vector<size_t> Records(const Bytes& segment, uint64_t* end = nullptr) {
  std::vector<size_t> records;
  if (segment.size() < layout::kHeaderSize) return records;
  Header header;
  std::memcpy(&header, segment.data(), sizeof header);
  uint64_t stream = 0;
  for (uint32_t i = 0; i < std::min(header.extent_count, layout::kMaxExtents); i++) {
    const Extent& extent = header.extents[i];
    if (extent.type != static_cast<uint32_t>(ExtentType::kRecords)) continue;
    uint64_t at = 0;
    while (at + layout::kRecordHeaderSize <= extent.length && stream + at < header.records_end) {
      uint64_t offset = extent.offset + at;
      if (offset < layout::kHeaderSize || offset > segment.size() - layout::kRecordHeaderSize) break;
      RecordHeader head;
      std::memcpy(&head, segment.data() + offset, sizeof head);
      if (head.length < layout::kRecordHeaderSize || head.length > segment.size() - offset) break;
      records.push_back(offset);
      at += head.length;
      if (end != nullptr) *end = stream + at;
    }
    stream += extent.length;
  }
  return records;
}

RecordHeader RecordAt(const Bytes& segment, size_t at) {
  RecordHeader head;
  std::memcpy(&head, segment.data() + at, sizeof head);
  return head;
}

// True when an owner could have made `after` of `before`, or when they have nothing to do with each other: what a reader
// knows of the one then helps or does not matter with the other.
bool Follows(const Bytes& before, const Bytes& after) {
  if (before.size() < layout::kHeaderSize || after.size() < layout::kHeaderSize) return true;
  Header a;
  Header b;
  std::memcpy(&a, before.data(), sizeof a);
  std::memcpy(&b, after.data(), sizeof b);
  if (std::memcmp(a.segment_id, b.segment_id, sizeof a.segment_id) != 0) return true;
  if (a.extent_count > b.extent_count || b.extent_count > layout::kMaxExtents ||
      std::memcmp(a.extents, b.extents, a.extent_count * sizeof(Extent)) != 0) {
    return false;
  }
  if (a.removals != b.removals) return true;
  uint64_t end = 0;
  for (size_t at : Records(before, &end)) {
    uint32_t length = RecordAt(before, at).length;
    if (after.size() < at + length || std::memcmp(before.data() + at, after.data() + at, length) != 0)
      return false;
  }
  return a.records_end == end && b.records_end >= end;
}

void ReadTwice(const Input& input) {
  SegmentReader reader;
  TurningSource turning(input.segments[0], input.segments[1], input.reads);
  Merge merge({{"", "1"}, true});
  for (int i = 0; i < 2; i++) {
    if (reader.Update(turning) != SkipReason::kNone || reader.ReadValues(turning) != SkipReason::kNone)
      continue;
    std::vector<MergeInput> inputs = {{&reader, i == 0, true, "1"}};
    merge.Run(inputs, kNowMs);
    Merge anew({{"", "1"}, true});
    anew.Run(inputs, kNowMs);
    if (merge.families().size() != anew.families().size() || merge.series().size() != anew.series().size() ||
        merge.conflicts() != anew.conflicts()) {
      std::abort();
    }
  }
}

void Run(const Input& input) {
  auto first = std::make_shared<MemorySource>(input.segments[0]);
  auto second = std::make_shared<MemorySource>(input.segments[1]);
  Group along("", Self());
  // Alone, with the other, alone again, and then with the other's content in its own place.
  for (int step = 0; step < 4; step++) {
    std::vector<std::shared_ptr<const ByteSource>> segments = {first};
    if (step == 1) segments.push_back(second);
    if (step == 3) first->bytes = input.segments[1];
    std::string text = RenderAll(along, segments);
    if (step == 3 && !Follows(input.segments[0], input.segments[1])) break;
    Group anew("", Self());
    if (text != RenderAll(anew, segments)) std::abort();
  }
  ReadTwice(input);
}

// Makes all checksums right, so that what is behind them is reached.
void Repair(Bytes& segment) {
  if (segment.size() < layout::kHeaderSize) return;
  for (size_t at : Records(segment)) {
    RecordHeader head = RecordAt(segment, at);
    head.crc = RecordCrc(head, segment.data() + at + sizeof head);
    std::memcpy(segment.data() + at, &head, sizeof head);
  }
  uint32_t crc = Crc32c(segment.data(), offsetof(Header, header_crc));
  std::memcpy(segment.data() + offsetof(Header, header_crc), &crc, sizeof crc);
}

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Mutate(Input& input, size_t max_size) {
    Bytes& segment = input.segments[Pick(2)];
    size_t room = max_size - std::min(max_size, input.ToBytes().size());
    switch (Pick(14)) {
      case 0:
        Bite(segment, 0, segment.size());
        break;
      case 1:
        Bite(segment, 256, 64);  // what the owner publishes
        break;
      case 2:
        Bite(segment, offsetof(Header, extents) + Pick(3) * sizeof(Extent), sizeof(Extent));
        break;
      case 3:
        input.reads = static_cast<uint8_t>(Pick(24));
        break;
      case 4:
        PutNumber(segment);
        break;
      case 5:
        FlipState(segment);
        break;
      case 6:
        AppendCopy(segment, room);
        break;
      case 7:
        Grow(input, room);
        break;
      case 8:
        ChangeRecord(segment);
        break;
      case 9:
        ChangeFamily(segment);
        break;
      default:
        BiteRecord(segment);
    }
    if (Pick(16) != 0) {
      for (Bytes& each : input.segments) Repair(each);
    }
  }

 private:
  size_t Pick(size_t below) { return below == 0 ? 0 : random_() % below; }

  // Lets libFuzzer change a part without moving what is behind it.
  void Bite(Bytes& segment, size_t at, size_t length) {
    if (at >= segment.size() || length == 0) return;
    length = std::min(length, segment.size() - at);
    Bytes part(segment.begin() + static_cast<ptrdiff_t>(at),
               segment.begin() + static_cast<ptrdiff_t>(at + length));
    size_t left = LLVMFuzzerMutate(part.data(), length, length);
    std::copy_n(part.begin(), left, segment.begin() + static_cast<ptrdiff_t>(at));
  }
  void BiteRecord(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (Pick(8) == 0) {
      Bite(segment, at, sizeof head);
    } else {
      Bite(segment, at + sizeof head, head.length - sizeof head);
    }
  }
  // Its body becomes that of another type, or its flags say something.
  void ChangeRecord(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (Pick(4) != 0) {
      head.type = static_cast<uint16_t>(Pick(static_cast<size_t>(RecordType::kExemplar) + 2));
    } else {
      head.flags = static_cast<uint16_t>(1u << Pick(16));
    }
    std::memcpy(segment.data() + at, &head, sizeof head);
  }
  // Another metric type or merge mode, so that its series have too few cells, or others than they should.
  void ChangeFamily(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    std::erase_if(records, [&](size_t at) {
      RecordHeader head = RecordAt(segment, at);
      return head.type != static_cast<uint16_t>(RecordType::kFamily) ||
             head.length < sizeof head + sizeof(uint32_t) + 2;
    });
    if (records.empty()) return;
    size_t at = records[Pick(records.size())] + sizeof(RecordHeader) + sizeof(uint32_t);
    if (Pick(2) == 0) {
      segment[at] = static_cast<uint8_t>(Pick(static_cast<size_t>(layout::MetricType::kSummary) + 2));
    } else {
      segment[at + 1] = static_cast<uint8_t>(Pick(static_cast<size_t>(MergeMode::kOmit) + 2));
    }
  }
  // A double that makes trouble, in a cell or in a record.
  void PutNumber(Bytes& segment) {
    const double numbers[] = {0,      -0.0,  NAN,    INFINITY, -INFINITY, 1,      -1,     3,      0.5,
                              5e-324, 1e308, -1e308, 1e21,     0x1p53,    0x1p31, 0x1p32, 1.7e12, 1.7e9};
    if (segment.size() < layout::kHeaderSize + 8) return;
    size_t cell = layout::kHeaderSize / 8 + Pick(segment.size() / 8 - layout::kHeaderSize / 8);
    double number = numbers[Pick(std::size(numbers))];
    std::memcpy(segment.data() + cell * 8, &number, sizeof number);
  }
  void FlipState(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    head.state ^= 3;
    std::memcpy(segment.data() + at, &head, sizeof head);
    CountRemoval(segment);
  }
  void CountRemoval(Bytes& segment) {
    if (Pick(4) != 0) segment[offsetof(Header, removals)]++;
  }
  // Where the records are the last thing in the segment and have room, as in the seeds.
  void AppendCopy(Bytes& segment, size_t room) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (head.length > room) return;
    Bytes copy(segment.begin() + static_cast<ptrdiff_t>(at),
               segment.begin() + static_cast<ptrdiff_t>(at + head.length));
    Header header;
    std::memcpy(&header, segment.data(), sizeof header);
    for (Extent& extent : header.extents) {
      if (extent.type != static_cast<uint32_t>(ExtentType::kRecords)) continue;
      bool room_there = extent.offset + header.records_end == segment.size() &&
                        header.records_end + copy.size() <= extent.length;
      if (!room_there) return;
      header.records_end += copy.size();
      std::memcpy(segment.data(), &header, sizeof header);
      segment.insert(segment.end(), copy.begin(), copy.end());
      return;
    }
  }
  // The second segment becomes a later state of the first, or the other way round.
  void Grow(Input& input, size_t room) {
    size_t from = Pick(2);
    if (input.segments[from].size() > input.segments[1 - from].size() + room) return;
    input.segments[1 - from] = input.segments[from];
    AppendCopy(input.segments[1], room);
  }

  std::minstd_rand random_;
};

SeriesLabel Label(uint16_t name, std::string text, LabelKind kind = LabelKind::kString) {
  return {name, kind, std::move(text)};
}

// One owner's families of all types, and a second scope.
SegmentImage RichSegment(uint8_t id, MergeMode mode) {
  SegmentImage image(240, kRecordsRoom);
  image.header().segment_id[0] = id;
  image.header().created_realtime_ns = id;
  image.header().pid = 1000u + id % 2;
  image.Scope(0, "", {{"zone", LabelKind::kString, "a"}});
  image.Scope(1, "1");
  image.Family(1, test::CounterFamily("c", {"l", "m"}));
  for (std::string label : {"x", "y\n"}) {
    uint64_t cell = image.Cells(1);
    *image.cells(cell) = id;
    image.Series(1, 1, cell, {Label(0, label), Label(1, "5", LabelKind::kNumber)});
    if (label != "x") continue;
    ExemplarRecord exemplar{cell, image.Cells(layout::kExemplarCells), 0};
    const uint8_t text[] = {2, 0, 1, 0, 'i', 'd', '7'};
    const double cells[] = {1, 0.5, id * 1e9, sizeof text};
    std::copy_n(cells, std::size(cells), image.cells(exemplar.cells_offset));
    std::memcpy(image.cells(exemplar.cells_offset) + std::size(cells), text, sizeof text);
    image.Add(RecordType::kExemplar, Encode(exemplar));
  }
  image.Family(2, test::GaugeFamily("g", mode, {"pid"}), 1);
  FamilyRecord gauge = test::GaugeFamily("g", mode);
  uint64_t set = image.Cells(2);
  image.cells(set)[1] = id;
  image.Series(2, gauge.CellCount(), set);
  image.Family(3, test::HistogramFamily("h", {0.5, 1}));
  uint64_t observed = image.Cells(5);
  const double histogram[] = {2.5, 3, 1, 1, 1};
  std::copy_n(histogram, 5, image.cells(observed));
  image.Series(3, 5, observed);
  image.Family(4, test::SummaryFamily("s", {0.5, 0.99}, 2, 60'000), 1);
  uint64_t summed = image.Cells(16);
  const double slots[] = {3, 1, kNowMs / 60'000, 0, 3, 1, -2, 3, 5};
  std::copy_n(slots, std::size(slots), image.cells(summed));
  image.cells(summed)[2] = std::floor(kNowMs / 60'000);
  image.Series(4, 16, summed);
  for (int8_t sign : {int8_t{1}, int8_t{-1}}) {
    PageRecord page;
    page.series_offset = summed;
    page.cells_offset = image.Cells(layout::kPageCells);
    page.sign = sign;
    page.schema = 5;
    page.number = 1;
    *image.cells(page.cells_offset) = 1;
    image.Add(RecordType::kPage, Encode(page));
  }
  test::RepairHeaderCrc(image.bytes());
  return image;
}

SegmentImage SmallSegment(FamilyRecord family, uint32_t cells) {
  SegmentImage image(cells, kRecordsRoom);
  uint32_t count = family.CellCount();
  image.Scope(0, "");
  image.Family(1, std::move(family));
  image.Series(1, count, image.Cells(count));
  return image;
}

void WriteCorpus(const std::string& directory) {
  auto write = [&](const std::string& name, const Bytes& first, const Bytes& second, uint8_t reads = 0) {
    Input input;
    input.segments[0] = first;
    input.segments[1] = second;
    input.reads = reads;
    test::WriteWholeFile(directory + '/' + name, input.ToBytes());
  };
  Bytes counter = SmallSegment(test::CounterFamily("c"), 4).bytes();
  write("counter", counter, {});
  write("summary", SmallSegment(test::SummaryFamily("s", {0.5}, 1), 48).bytes(), counter);
  write("two-owners", RichSegment(1, MergeMode::kMostRecent).bytes(),
        RichSegment(2, MergeMode::kMostRecent).bytes());
  write("conflict", SmallSegment(test::HistogramFamily("h", {1, 2}), 8).bytes(),
        RichSegment(3, MergeMode::kAll).bytes());

  // The owner removed the first series and gave its cell to a new one.
  SegmentImage before = SmallSegment(test::CounterFamily("c", {"l"}), 4);
  SegmentImage after = before;
  size_t series = Records(after.bytes()).back();
  after.record(series).state = static_cast<uint32_t>(layout::RecordState::kRemoved);
  after.header().removals++;
  after.Series(1, 1, layout::kHeaderSize, {Label(0, "new")});
  write("removal", before.bytes(), after.bytes(), 3);

  SegmentImage modes(16, kRecordsRoom);
  modes.Scope(0, "");
  uint32_t id = 1;
  for (MergeMode mode : {MergeMode::kOmit, MergeMode::kAverage, MergeMode::kLiveMax, MergeMode::kFirst}) {
    modes.Family(id, test::GaugeFamily("m" + std::to_string(id), mode));
    modes.Series(id, 1, modes.Cells(1));
    id++;
  }
  modes.Add(RecordType::kSkip, Bytes(8));
  write("modes", modes.bytes(), modes.bytes());
}

}  // namespace
}  // namespace prom

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::strcmp((*argv)[1], "--write-corpus") == 0) {
    prom::WriteCorpus((*argv)[2]);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  prom::Run(prom::Input::Of(data, size));
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  prom::Input input = prom::Input::Of(data, size);
  prom::Mutator(seed).Mutate(input, max_size);
  prom::Bytes bytes = input.ToBytes();
  if (bytes.size() > max_size) bytes.resize(max_size);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}

// One segment of each.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                                            size_t size2, uint8_t* out, size_t max_size, unsigned seed) {
  prom::Input a = prom::Input::Of(data1, size1);
  prom::Input b = prom::Input::Of(data2, size2);
  a.segments[seed % 2] = b.segments[seed / 2 % 2];
  prom::Bytes bytes = a.ToBytes();
  if (bytes.size() > max_size) bytes.resize(max_size);
  std::memcpy(out, bytes.data(), bytes.size());
  return bytes.size();
}
