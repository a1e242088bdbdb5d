// The seeds of the corpus.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "fuzz_input.h"
#include "support/families.h"
#include "support/files.h"
#include "support/segment_image.h"

namespace prom::fuzz {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using layout::RecordType;
using test::SegmentImage;

// Room for the records of the seeds, beyond the end of their files.
constexpr uint64_t kRecordsRoom = 32 * 1024;

SeriesLabel LabelAt(uint16_t name, std::string text, LabelKind kind = LabelKind::kString) {
  return {name, kind, std::move(text)};
}

// An owner with families of all types, and a second scope.
SegmentImage RichSegment(uint8_t id, MergeMode mode) {
  SegmentImage image(320, kRecordsRoom);
  image.header().segment_id[0] = id;
  image.header().created_realtime_ns = id;
  image.header().pid = 1000u + id % 2;
  image.Scope(0, "", {{"zone", LabelKind::kString, "a"}});
  image.Scope(1, "1");
  image.Family(1, test::CounterFamily("c", {"l", "m"}));
  for (std::string label : {"x", "y\n"}) {
    uint64_t cell = image.Cells(1);
    *image.cells(cell) = id;
    image.Series(1, 1, cell, {LabelAt(0, label), LabelAt(1, "5", LabelKind::kNumber)});
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
  NativeRecord native{observed, image.Cells(layout::kNativeCells), 0.25};
  image.cells(native.cells_offset)[layout::kNativeSchema] = 3;
  image.cells(native.cells_offset)[layout::kNativeZero] = 2;
  image.Add(RecordType::kNative, Encode(native));
  PageRecord bucket{observed, image.Cells(layout::kPageCells), 0, -1, layout::kNativeSlot, 3, 1};
  *image.cells(bucket.cells_offset) = 1;
  image.Add(RecordType::kNativePage, Encode(bucket));
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

}  // namespace

void WriteCorpus(const std::string& directory) {
  auto write = [&](const std::string& name, const Bytes& first, const Bytes& second, uint8_t reads = 0) {
    test::WriteWholeFile(directory + '/' + name, Input{reads, 0, {first, second, {}}}.ToBytes());
  };
  auto write_group = [&](const std::string& name, const Bytes& first, const Bytes& second,
                         const Bytes& archive, uint8_t task = 1) {
    test::WriteWholeFile(directory + '/' + name, Input{0, task, {first, second, archive}}.ToBytes());
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
  after.Series(1, 1, layout::kHeaderSize, {LabelAt(0, "new")});
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

  Bytes rich[] = {RichSegment(4, MergeMode::kAll).bytes(), RichSegment(5, MergeMode::kAll).bytes()};
  Bytes archive = ArchiveOf({0, 1, {rich[0], {}, {}}});
  write_group("first-compaction", rich[0], rich[1], {});
  write_group("next-compaction", rich[1], counter, archive);
  write_group("leftover", rich[0], rich[1], archive);
  write_group("little-room", rich[1], counter, archive, 7);
  write_group("modes-compaction", modes.bytes(), counter, ArchiveOf({0, 1, {modes.bytes(), {}, {}}}));
}

}  // namespace prom::fuzz
