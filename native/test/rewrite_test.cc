// What a rewrite copies to the new file.
#include "segment/rewrite.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "files/directory.h"
#include "read/segment_reader.h"
#include "segment/segment_writer.h"
#include "support/files.h"
#include "support/must.h"
#include "support/reading.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::Header;
using test::Must;
using test::Read;
using test::SeriesOf;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

// Makes and removes series until their records are longer than a chunk.
void Churn(TestSegment& segment, uint32_t family) {
  for (int i = 0; i < 1000; i++) segment.Remove(segment.Series(family, {"gone " + std::to_string(i)}));
}

TEST_CASE("a rewrite copies the live records in their order, and no others") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  segment.Scope(7, "other", {{"app", layout::LabelKind::kString, "a"}});
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t gauge = segment.Family(test::GaugeFamily("g", layout::MergeMode::kSum, {"l"}));
  TestSeries last = segment.Series(counter, {"z"});
  *last.cells = 1;
  Churn(segment, counter);
  TestSeries level = segment.Series(gauge, {"level"});
  *level.cells = 2;
  TestSeries first = segment.Series(counter, {"a"});
  *first.cells = 3;
  std::string path = segment.writer().path();
  Header before = segment.writer().header();
  CHECK(segment.writer().garbage_bytes() > before.records_end / 2);

  segment.Rewrite();

  CHECK(directory.Names().size() == 1);
  CHECK(segment.writer().path() == path);
  CHECK(segment.writer().header().records_end < 1000);
  CHECK(segment.writer().header().extent_count == 2);
  CHECK(segment.writer().garbage_bytes() == 0);
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"z=1", "level=2", "a=3"}));
  CHECK(Read(path).families().size() == 2);
  CHECK(Read(path).scopes().size() == 2);
  CHECK(Read(path).scopes()[0].default_labels.size() == 1);
  *first.cells += 1;
  *segment.Series(counter, {"new"}).cells = 5;
  segment.Remove(last);
  CHECK((SeriesOf(Read(path)) == std::vector<std::string>{"level=2", "a=4", "new=5"}));
}

TEST_CASE("a rewrite changes the id in the header, and keeps the identity and the counters") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path(), CurrentOwner(5));
  UniqueFd wakeup(Must(segment.owner().OpenWakeup()));
  segment.owner().HasCollectors();
  uint64_t sequence = segment.owner().StartCollect();
  segment.owner().FinishCollect(sequence, 2);
  segment.owner().StartCollect();
  Header before = segment.writer().header();
  segment.Rewrite();
  Header after = segment.writer().header();

  CHECK(before.segment_id != after.segment_id);
  CHECK(after.header_crc == Crc32c(&after, offsetof(Header, header_crc)));
  after.segment_id = before.segment_id;
  CHECK(std::memcmp(&before, &after, offsetof(Header, header_crc)) == 0);
  CHECK(after.worker_thread == 5);
  CHECK(after.collects_started == 2);
  CHECK(after.collects_finished == 1);
  CHECK(after.collect_failures == 2);
  CHECK(after.wakeup == static_cast<uint32_t>(layout::Wakeup::kCollects));
  CHECK(after.state == static_cast<uint32_t>(layout::OwnerState::kActive));
  CHECK(segment.owner().WakeupExists());
  std::string path = WakeupPath(segment.writer().path());
  segment.owner().Close();
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("a segment names the first file whose counts are in it") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  auto is_first = [&](const Header& header) {
    return segment.writer().header().first_id == header.segment_id;
  };
  Header first = segment.writer().header();
  CHECK(is_first(first));
  segment.Rewrite();
  segment.Rewrite();
  CHECK(is_first(first));
  segment.Rewrite(false);
  CHECK(is_first(segment.writer().header()));
}

TEST_CASE("pages and exemplars are copied with their series, and not without") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  TestSeries gone = segment.Series(summary, {"gone"});
  segment.ObserveSummary(gone, 1);
  TestSeries kept = segment.Series(summary, {"kept"});
  for (double value : {-3.0, 0.0, 5.0, 5000.0}) segment.ObserveSummary(kept, value);
  TestSeries observed = segment.Series(histogram, {"observed"});
  observed.Observe(1.5);
  double* exemplar = segment.Exemplar(observed, 1);
  exemplar[0] = 1;
  exemplar[1] = 1.5;
  segment.writer().Remove(gone.record);
  segment.Rewrite();

  SegmentReader reader = Read(segment.writer().path());
  REQUIRE(reader.series().size() == 2);
  const ReadSeries& read = reader.series()[0];
  CHECK(reader.values()[read.cell] == 4);
  REQUIRE(read.pages.size() == 3);
  for (const ReadPage& page : read.pages) {
    double sum = 0;
    for (uint32_t i = 0; i < layout::kPageCells; i++) sum += reader.values()[page.cell + i];
    CHECK(sum == 1);
  }
  REQUIRE(reader.series()[1].exemplars.size() == 1);
  CHECK(reader.series()[1].exemplars[0].bucket == 1);
  CHECK(reader.values()[reader.series()[1].exemplars[0].cell + 1] == 1.5);
}

TEST_CASE("what is counted, added and removed while the records are copied is in the new file") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::CounterFamily("c", {"l"}));
  std::vector<TestSeries> series;
  for (int i = 0; i < 100; i++) series.push_back(segment.Series(family, {std::to_string(i)}));
  std::vector<double> counts(series.size(), 0);
  uint32_t slices = 0;
  auto error = segment.TryRewrite(true, [&](Rewrite& rewrite) {
    slices++;
    for (size_t i = 0; i < series.size(); i++) counts[i] = *series[i].cells += 1;
    auto remove = [&](size_t i) {
      segment.Remove(series[i]);
      rewrite.Remove(series[i].record);
      series.erase(series.begin() + static_cast<ptrdiff_t>(i));
      counts.erase(counts.begin() + static_cast<ptrdiff_t>(i));
    };
    if (slices > 40) return;
    remove(0);                  // was copied
    remove(series.size() - 1);  // was not
    series.push_back(segment.Series(
        family, {"new " + std::to_string(slices)}));  // with a number and cells of a removed one
    counts.push_back(0);
  });
  CHECK_FALSE(error);
  CHECK(slices > 10);
  CHECK(segment.writer().extent_count() >= 1);

  std::vector<double> read;
  SegmentReader reader = Read(segment.writer().path());
  for (const ReadSeries& each : reader.series()) read.push_back(reader.values()[each.cell]);
  CHECK(read == counts);
  *series.back().cells += 1;
  segment.Remove(series.front());
  CHECK(Read(segment.writer().path()).series().size() == series.size() - 1);
}

TEST_CASE("a rewrite makes memory for cells in proportion to the records that it passes over") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(500, 1), {"l"}));
  for (int i = 0; segment.writer().extent_count() < 10; i++) segment.Series(family, {std::to_string(i)});
  uint64_t calls = 0;
  uint64_t growths = 0;
  uint64_t size = 0;
  auto error = segment.TryRewrite(true, [&](prom::Rewrite&) {
    calls++;
    for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
      if (!file.path().filename().string().starts_with(".t.") || file.file_size() == size) continue;
      size = file.file_size();
      growths++;
    }
  });
  REQUIRE(!error);

  CHECK(growths >= 8);
  CHECK(calls > growths * 256 / 7);  // a slice of TryRewrite() passes over 7 records
}

TEST_CASE("an extent without cells in use gets no room in the new file") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::HistogramFamily("h", std::vector<double>(500, 1), {"l"}));
  std::vector<TestSeries> series;
  for (int i = 0; i < 200; i++) series.push_back(segment.Series(family, {std::to_string(i)}));
  uint64_t before = std::filesystem::file_size(segment.writer().path());
  for (size_t i = 1; i + 1 < series.size(); i++) segment.Remove(series[i]);
  series.front().cells[1] = 7;
  series.back().cells[1] = 8;
  segment.Rewrite();

  CHECK(std::filesystem::file_size(segment.writer().path()) < before * 6 / 10);
  SegmentReader reader = Read(segment.writer().path());
  REQUIRE(reader.series().size() == 2);
  CHECK(reader.values()[reader.series()[0].cell + 1] == 7);
  CHECK(reader.values()[reader.series()[1].cell + 1] == 8);
  for (int i = 0; i < 200; i++) segment.Series(family, {"later " + std::to_string(i)});
  CHECK(Read(segment.writer().path()).series().size() == 202);
}

TEST_CASE("a rewrite can begin the counts at zero; gauges keep their values") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t counter = segment.Family(test::CounterFamily("c", {"l"}));
  uint32_t gauge = segment.Family(test::GaugeFamily("g", layout::MergeMode::kMax, {"l"}));
  uint32_t histogram = segment.Family(test::HistogramFamily("h", {1, 2}, {"l"}));
  uint32_t summary = segment.Family(test::SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  TestSeries counted = segment.Series(counter, {"counted"});
  *counted.cells = 3;
  TestSeries set = segment.Series(gauge, {"set"});
  *set.cells = 4;
  TestSeries observed = segment.Series(histogram, {"observed"});
  observed.Observe(1.5);
  TestSeries sketched = segment.Series(summary, {"sketched"});
  segment.ObserveSummary(sketched, 8);
  segment.Rewrite(false);

  CHECK(*counted.cells == 0);
  CHECK(*set.cells == 4);
  for (uint32_t i = 0; i < observed.count; i++) CHECK(observed.cells[i] == 0);
  double* slot = sketched.cells + layout::kSummaryHeaderCells;
  CHECK(sketched.cells[0] == 0);
  CHECK(sketched.cells[1] == 0);
  CHECK(slot[0] == 1);
  CHECK(slot[6] == test::kSummarySchema);
  for (int cell : {2, 3, 4, 5}) CHECK(slot[cell] == 0);
  SegmentReader reader = Read(segment.writer().path());
  const ReadPage& page = reader.series()[3].pages.at(0);
  for (uint32_t i = 0; i < layout::kPageCells; i++) CHECK(reader.values()[page.cell + i] == 0);
}

}  // namespace
}  // namespace prom
