#include "group/removal.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "fail_points.h"
#include "read/segment_reader.h"
#include "support/child.h"
#include "support/files.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::LabelKind;
using test::before_next_lock;
using test::Child;
using test::TemporaryDirectory;
using test::TestSegment;

using Names = std::set<std::string>;

// Two scopes, three families and five series, each named "family label".
void Fill(TestSegment& segment) {
  segment.Scope(0, "");
  segment.Scope(1, "other");
  uint32_t requests = segment.Family(test::CounterFamily("requests", {"path", "code"}));
  uint32_t errors = segment.Family(test::CounterFamily("errors", {"path", "code"}));
  uint32_t elsewhere = segment.Family(test::CounterFamily("requests", {"path", "code"}), 1);
  segment.Series(requests, {"/a", "200"});
  segment.SeriesOf(requests, {{1, LabelKind::kNumber, "404"}, {0, LabelKind::kString, "/b"}});
  segment.Series(errors, {"/a", "200"});
  segment.SeriesOf(errors, {{0, LabelKind::kString, "/b"}, {1, LabelKind::kUndefined, ""}});
  segment.Series(elsewhere, {"/a", "200"});
}

const Names kAll = {"requests/a 0", "requests/b 0", "errors/a 0", "errors/b 0", "requests/a 1"};

std::string PathLabel(const ReadSeries& series) {
  for (const SeriesLabel& label : series.record.labels) {
    if (label.name == 0) return label.text;
  }
  return "";
}

Names SeriesIn(const std::string& path) {
  UniqueFd fd = test::OpenForReading(path);
  FileSource file(fd.get());
  SegmentReader reader;
  REQUIRE((reader.Update(file) == SkipReason::kNone));
  Names names;
  for (const ReadSeries& series : reader.series()) {
    const FamilyRecord& family = reader.families()[series.family].record;
    names.insert(family.name + PathLabel(series) + (family.id == 3 ? " 1" : " 0"));
  }
  return names;
}

// The path of the segment of an owner that has gone.
std::string DeadSegment(const TemporaryDirectory& directory) {
  TestSegment segment = TestSegment::InFile(directory.path());
  Fill(segment);
  segment.owner().Close();
  return segment.writer().path();
}

void Remove(const TemporaryDirectory& directory, const SeriesFilter& filter) {
  RemoveFromDead(directory.path(), CurrentOwner(0), filter);
}

const SeriesFilter kAllGlobal = {"", std::nullopt, std::nullopt};
const Names kNotGlobal = {"requests/a 1"};

TEST_CASE("all series of a scope leave the segments of all dead owners") {
  TemporaryDirectory directory;
  std::string paths[] = {DeadSegment(directory), DeadSegment(directory)};
  REQUIRE(SeriesIn(paths[0]) == kAll);
  Remove(directory, kAllGlobal);
  for (const std::string& path : paths) CHECK(SeriesIn(path) == kNotGlobal);
  Remove(directory, {"other", std::nullopt, std::nullopt});
  CHECK(SeriesIn(paths[0]).empty());
}

TEST_CASE("a scope, family or label set that is not there removes nothing and counts no removal") {
  TemporaryDirectory directory;
  std::string path = DeadSegment(directory);
  Bytes before = test::ReadWholeFile(path);
  using Labels = std::vector<std::pair<std::string, std::string>>;
  for (const SeriesFilter& filter : std::vector<SeriesFilter>{
           {"missing", std::nullopt, std::nullopt},
           {"", "missing", std::nullopt},
           {"other", "errors", std::nullopt},
           {"", "requests", Labels{}},
           {"", "requests", Labels{{"path", "/a"}}},
           {"", "requests", Labels{{"path", "/a"}, {"code", "404"}}},
           {"", "requests", Labels{{"path", "/a"}, {"code", "200"}, {"more", ""}}},
           {"", "errors", Labels{{"path", "/b"}, {"code", ""}}},
       }) {
    Remove(directory, filter);
    CHECK((test::ReadWholeFile(path) == before));
  }
}

TEST_CASE("the series of one family leave") {
  TemporaryDirectory directory;
  std::string path = DeadSegment(directory);
  Remove(directory, {"", "requests", std::nullopt});
  CHECK(SeriesIn(path) == Names{"errors/a 0", "errors/b 0", "requests/a 1"});
}

TEST_CASE("the series of one label set is removed, in any order and kind of its labels") {
  TemporaryDirectory directory;
  std::string path = DeadSegment(directory);
  Remove(directory, {"", "requests", {{{"path", "/b"}, {"code", "404"}}}});
  CHECK(SeriesIn(path) == Names{"requests/a 0", "errors/a 0", "errors/b 0", "requests/a 1"});
  Remove(directory, {"", "errors", {{{"path", "/b"}}}});
  CHECK(SeriesIn(path) == Names{"requests/a 0", "errors/a 0", "requests/a 1"});
}

TEST_CASE("series of a removed membership or family are not in a scope") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  segment.Series(segment.Family(test::CounterFamily("left")), {});
  segment.writer().Remove(segment.last_member_record());
  segment.Series(segment.Family(test::CounterFamily("gone")), {});
  segment.writer().Remove(segment.last_family_record());
  segment.owner().Close();
  Bytes before = test::ReadWholeFile(segment.writer().path());
  Remove(directory, kAllGlobal);
  CHECK((test::ReadWholeFile(segment.writer().path()) == before));
}

TEST_CASE("a reader that knows the segment already sees the removal") {
  TemporaryDirectory directory;
  std::string path = DeadSegment(directory);
  UniqueFd fd = test::OpenForReading(path);
  FileSource file(fd.get());
  SegmentReader reader;
  REQUIRE((reader.Update(file) == SkipReason::kNone));
  uint64_t removals = reader.header().removals;
  Remove(directory, kAllGlobal);
  REQUIRE((reader.ReadValues(file) == SkipReason::kNone));
  CHECK(reader.series().size() == 1);
  CHECK(reader.header().removals == removals + 1);
}

TEST_CASE("a living owner's segment is left alone until it is killed") {
  TemporaryDirectory directory;
  Child child([&](const Child::Line& line) {
    auto* segment = new TestSegment(TestSegment::InFile(directory.path()));
    Fill(*segment);
    line.Tell('r');
  });
  REQUIRE(child.Hear() == 'r');
  std::string path = directory.File(directory.Names().at(0));
  Bytes before = test::ReadWholeFile(path);
  Remove(directory, kAllGlobal);
  CHECK((test::ReadWholeFile(path) == before));
  child.Kill();
  child.Reap();
  Remove(directory, kAllGlobal);
  CHECK(SeriesIn(path) == kNotGlobal);
}

TEST_CASE("a free lock alone is no death") {
  TemporaryDirectory directory;
  TemporaryDirectory elsewhere;
  TestSegment living = TestSegment::InFile(elsewhere.path());
  Fill(living);
  Bytes bytes = test::ReadWholeFile(living.writer().path());
  SUBCASE("of an owner that is there") {}
  SUBCASE("of one in another pid namespace") { test::HeaderOf(bytes).pid_namespace++; }
  test::RepairHeaderCrc(bytes);
  test::WriteWholeFile(directory.File("s.1.1.copy"), bytes);
  REQUIRE(SeriesIn(directory.File("s.1.1.copy")) == kAll);
  Remove(directory, kAllGlobal);
  CHECK((test::ReadWholeFile(directory.File("s.1.1.copy")) == bytes));
}

TEST_CASE("links and files that are no segments are not changed") {
  TemporaryDirectory directory;
  TemporaryDirectory elsewhere;
  std::string dead = DeadSegment(elsewhere);
  Bytes before = test::ReadWholeFile(dead);
  SUBCASE("a symbolic link") { REQUIRE(::symlink(dead.c_str(), directory.File("s.1.1.a").c_str()) == 0); }
  SUBCASE("a second name") { REQUIRE(::link(dead.c_str(), directory.File("s.1.1.a").c_str()) == 0); }
  SUBCASE("another first letter") {
    REQUIRE(::rename(dead.c_str(), directory.File("t.1.1.a").c_str()) == 0);
    dead = directory.File("t.1.1.a");
  }
  SUBCASE("damage") {
    before[layout::kFirstRecordsOffset + 8] ^= 1;
    test::WriteWholeFile(dead, before);
    REQUIRE(::rename(dead.c_str(), directory.File("s.1.1.a").c_str()) == 0);
    dead = directory.File("s.1.1.a");
  }
  REQUIRE(::mkfifo(directory.File("s.fifo").c_str(), 0600) == 0);
  REQUIRE(::mkdir(directory.File("s.directory").c_str(), 0700) == 0);
  std::string plain = DeadSegment(directory);
  Remove(directory, kAllGlobal);
  CHECK((test::ReadWholeFile(dead) == before));
  CHECK(SeriesIn(plain) == kNotGlobal);
}

TEST_CASE("a file whose name went to another before it was locked is left alone") {
  TemporaryDirectory directory;
  TemporaryDirectory elsewhere;
  std::string path = DeadSegment(directory);
  std::string aside = elsewhere.File("aside");
  Bytes before = test::ReadWholeFile(path);
  SUBCASE("to a newer segment") {
    std::string newer = DeadSegment(elsewhere);
    before_next_lock = [=] {
      ::rename(path.c_str(), aside.c_str());
      ::rename(newer.c_str(), path.c_str());
    };
  }
  SUBCASE("to a link to it") {
    before_next_lock = [=] {
      ::rename(path.c_str(), aside.c_str());
      [[maybe_unused]] int linked = ::symlink(aside.c_str(), path.c_str());
    };
  }
  SUBCASE("to nothing") {
    before_next_lock = [=] { ::rename(path.c_str(), aside.c_str()); };
  }
  SUBCASE("to it and another name of it") {
    before_next_lock = [=] { [[maybe_unused]] int linked = ::link(path.c_str(), aside.c_str()); };
  }
  Remove(directory, kAllGlobal);
  REQUIRE_FALSE(before_next_lock);
  CHECK((test::ReadWholeFile(aside) == before));
}

TEST_CASE("a directory that is not there has no segments") {
  TemporaryDirectory directory;
  RemoveFromDead(directory.File("missing"), CurrentOwner(0), kAllGlobal);
  CHECK(directory.Names().empty());
}

}  // namespace
}  // namespace prom
