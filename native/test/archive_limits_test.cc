// The length of the archive, which of two archives a reader knows, and copies of segments.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "files/directory.h"
#include "group/compaction.h"
#include "group/group.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/scrapes.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Rendered;
using test::RenderedAnew;
using test::Shown;
using test::Skipped;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

constexpr double kNowMs = 1'000'000;
constexpr uint64_t kLimit = 300 * 1000;

// 100 histograms with 100 buckets: 80 KB of cells in the segment, and 165 KB in the archive.
void DieWithHistograms(const std::string& directory, const std::string& name) {
  std::vector<double> bounds;
  for (int i = 1; i <= 100; i++) bounds.push_back(i);
  TestSegment segment = TestSegment::InFile(directory);
  uint32_t family = segment.Family(test::HistogramFamily("h", bounds, {"l"}));
  for (int i = 0; i < 100; i++) segment.Series(family, {name + std::to_string(i)}).Observe(i);
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 1;
  segment.owner().Close();
}

void DieWithCounter(const std::string& directory, double value) {
  TestSegment segment = TestSegment::InFile(directory);
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = value;
  segment.owner().Close();
}

std::vector<std::string> Segments(const TemporaryDirectory& directory) {
  std::vector<std::string> names = directory.Names();
  std::erase_if(names, [](const std::string& name) { return !IsSegmentName(name); });
  return names;
}

uint64_t ArchiveLength(const TemporaryDirectory& directory) {
  struct stat status {};
  REQUIRE(::stat(directory.File("archive").c_str(), &status) == 0);
  return static_cast<uint64_t>(status.st_size);
}

CompactionTask TaskWith(std::set<SegmentId>* too_large) {
  CompactionTask task{{}, kNowMs, 0, nullptr};
  task.limits.bytes = kLimit;
  task.too_large = too_large;
  return task;
}

TEST_CASE("a dead segment that would make the archive too long stays, and its counts are shown") {
  TemporaryDirectory directory;
  for (const char* name : {"first", "second", "first"}) DieWithHistograms(directory.path(), name);
  const std::string before = RenderedAnew(directory.path());
  std::set<SegmentId> too_large;
  auto compacted = CompactDead(directory.path(), CurrentOwner(0), TaskWith(&too_large));
  REQUIRE_FALSE(compacted.ok());
  CHECK(compacted.error().code == EFBIG);
  CHECK(too_large.size() == 1);
  CHECK(Segments(directory).size() == 1);
  CHECK(ArchiveLength(directory) <= kLimit);
  CHECK(RenderedAnew(directory.path()) == before);

  // It is not tried again, and does not keep others from the archive.
  DieWithCounter(directory.path(), 4);
  CHECK(CompactDead(directory.path(), CurrentOwner(0), TaskWith(&too_large)).value() == 1);
  CHECK(Segments(directory).size() == 1);
  CHECK(Shown(RenderedAnew(directory.path()), "c") == "7");
  for (const std::string& name : directory.Names()) CHECK(name != kBadArchiveName);
}

TEST_CASE("a group asks for no compaction because of a segment that it has found too large") {
  TemporaryDirectory directory;
  for (const char* name : {"first", "second"}) DieWithHistograms(directory.path(), name);
  Group group(directory.path(), CurrentOwner(0));
  Rendered(group);
  CHECK(group.HasDead());
  CHECK_FALSE(group.Compact(TaskWith(nullptr).limits, kNowMs, false).ok());
  CHECK(Shown(Rendered(group), "c") == "2");
  CHECK_FALSE(group.HasDead());
  CHECK(group.Compact(TaskWith(nullptr).limits, kNowMs, false).value() == 0);
}

TEST_CASE("an archive that is put back, and then has as many generations as the known one, is read") {
  TemporaryDirectory directory;
  auto compact = [&] { return CompactDead(directory.path(), CurrentOwner(0), TaskWith(nullptr)).value(); };
  DieWithCounter(directory.path(), 1);
  REQUIRE(compact() == 1);
  Bytes first = test::ReadWholeFile(directory.File("archive"));
  DieWithCounter(directory.path(), 1);
  REQUIRE(compact() == 1);
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Shown(Rendered(group), "c") == "2");
  test::WriteWholeFile(directory.File("archive"), first);
  DieWithCounter(directory.path(), 5);
  REQUIRE(compact() == 1);
  CHECK(Shown(Rendered(group), "c") == "6");
}

TEST_CASE(
    "a copy of a segment does not count beside the segment, when that has been rewritten and when it is "
    "compacted") {
  TemporaryDirectory directory;
  TestSegment living = TestSegment::InFile(directory.path());
  TestSeries series = living.Series(living.Family(test::CounterFamily("c")));
  *series.cells = 3;
  for (const char* name : {"s.copy", "s.copy-of-rewritten"}) {
    test::WriteWholeFile(directory.File(name), test::ReadWholeFile(living.writer().path()));
    living.Rewrite();
    *series.cells += 1;
  }
  std::string text = RenderedAnew(directory.path());
  CHECK(Shown(text, "c") == "5");
  CHECK(Skipped(text, "duplicate") == "2");

  living.owner().Heartbeat();
  living.owner().Close();
  for (const char* name : {"s.copy", "s.copy-of-rewritten"}) {
    Bytes copy = test::ReadWholeFile(directory.File(name));
    reinterpret_cast<layout::Header*>(copy.data())->state =
        static_cast<uint32_t>(layout::OwnerState::kClosed);
    test::WriteWholeFile(directory.File(name), copy);
  }
  CHECK(Shown(RenderedAnew(directory.path()), "c") == "5");
  CHECK(CompactDead(directory.path(), CurrentOwner(0), TaskWith(nullptr)).value() == 1);
  CHECK(Shown(RenderedAnew(directory.path()), "c") == "5");
  CHECK(CompactDead(directory.path(), CurrentOwner(0), TaskWith(nullptr)).value() == 0);
  CHECK(Segments(directory).empty());
  CHECK(Shown(RenderedAnew(directory.path()), "c") == "5");
}

}  // namespace
}  // namespace prom
