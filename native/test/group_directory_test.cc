// Files of all kinds in the directory of a group, and changes of its files.
#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <thread>

#include "files/owner.h"
#include "group/group.h"
#include "group/removal.h"
#include "support/child.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/scrapes.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Child;
using test::Rendered;
using test::RenderedAnew;
using test::SegmentImage;
using test::Shown;
using test::Skipped;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

TEST_CASE("other files in the directory are counted, and not changed") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 4;
  Bytes valid = test::ReadWholeFile(segment.writer().path());

  auto path = [&](const std::string& name) { return directory.File(name); };
  REQUIRE(::symlink(segment.writer().path().c_str(), path("s.symlink").c_str()) == 0);
  REQUIRE(::symlink("nowhere", path("s.dangling").c_str()) == 0);
  REQUIRE(::mkfifo(path("s.fifo").c_str(), 0600) == 0);
  REQUIRE(::mkdir(path("s.directory").c_str(), 0700) == 0);
  test::WriteWholeFile(path("s.twice"), valid);
  REQUIRE(::link(path("s.twice").c_str(), path("s.hard_link").c_str()) == 0);
  int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("s.socket").c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  ::close(socket);

  test::WriteWholeFile(path("counter_1.db"), Bytes(65536));
  test::WriteWholeFile(path("notes.txt"), {'h', 'i'});
  test::WriteWholeFile(path("s.text"), Bytes(8192, ' '));
  test::WriteWholeFile(path("s.empty"), {});
  test::WriteWholeFile(path("s.short"), Bytes(valid.begin(), valid.begin() + 4000));
  Bytes bad = valid;
  test::HeaderOf(bad).incompat_bits = 4;
  test::RepairHeaderCrc(bad);
  test::WriteWholeFile(path("s.later"), bad);
  bad = valid;
  bad[layout::kFirstRecordsOffset + 16]++;
  test::WriteWholeFile(path("s.damaged"), bad);
  for (std::string name : {".t.0123456789abcdef", ".hidden", "archive", "lock"}) {
    test::WriteWholeFile(path(name), {1, 2, 3});
  }

  Group group(directory.path(), CurrentOwner(0));
  const std::string text = Rendered(group);
  CHECK(Shown(text, "c") == "4");
  CHECK(Skipped(text, "forbidden") ==
        "7");  // two symbolic links, FIFO, directory, socket, two names of one file
  CHECK(Skipped(text, "foreign") == "3");
  CHECK(Skipped(text, "truncated") == "3");
  CHECK(Skipped(text, "version") == "1");
  CHECK(Skipped(text, "corrupt") == "1");
  CHECK(text.find("# HELP prom_client_mmap_skipped_files ") != std::string::npos);
  CHECK(text.find("# TYPE prom_client_mmap_skipped_files gauge\n") != std::string::npos);
  CHECK(Rendered(group) == text);
  CHECK((test::ReadWholeFile(path("s.damaged")) == bad));

  // With its second name gone, the copy is a file like any other.
  REQUIRE(::unlink(path("s.hard_link").c_str()) == 0);
  CHECK(Skipped(Rendered(group), "forbidden") == "5");
  CHECK(Skipped(Rendered(group), "duplicate") == "1");
}

TEST_CASE("a copy that says it is older counts for nothing beside the segment itself") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries series = segment.Series(segment.Family(test::CounterFamily("c")));
  *series.cells = 4;
  Bytes copy = test::ReadWholeFile(segment.writer().path());
  test::HeaderOf(copy).created_realtime_ns = 1;
  test::RepairHeaderCrc(copy);
  test::WriteWholeFile(directory.File("s.older"), copy);
  *series.cells = 5;
  Group group(directory.path(), CurrentOwner(0));

  std::string text = Rendered(group);
  CHECK(Shown(text, "c") == "5");
  CHECK(Skipped(text, "duplicate") == "1");
}

TEST_CASE("a copy whose lock another program holds counts for nothing beside the segment itself") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries series = segment.Series(segment.Family(test::CounterFamily("c")));
  *series.cells = 4;
  std::vector<UniqueFd> locks;
  // One sorts before the original, one after it.
  for (std::string name : {"s.0", "s.z"}) {
    test::WriteWholeFile(directory.File(name), test::ReadWholeFile(segment.writer().path()));
    locks.push_back(test::OpenForReading(directory.File(name)));
    REQUIRE(::flock(locks.back().get(), LOCK_EX | LOCK_NB) == 0);
  }
  *series.cells = 5;
  Group group(directory.path(), CurrentOwner(0));

  CHECK(Shown(Rendered(group), "c") == "5");
}

TEST_CASE("a compaction and a removal never lock a copy of a living owner's segment") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  segment.Series(segment.Family(test::CounterFamily("c")));
  std::string path = directory.File("s.0");
  test::WriteWholeFile(path, test::ReadWholeFile(segment.writer().path()));
  std::atomic<bool> ended = false;
  std::thread compactor([&] {
    Group group(directory.path(), CurrentOwner(0));
    for (int i = 0; i < 200; i++) {
      group.Compact({}, 0, false);
      RemoveFromDead(directory.path(), CurrentOwner(0), {});
    }
    ended = true;
  });
  UniqueFd copy = test::OpenForReading(path);
  uint64_t held = 0;
  while (!ended) held += ProbeLock(copy.get()) == LockProbe::kHeld;
  compactor.join();

  CHECK(held == 0);
}

TEST_CASE("a dead copy of a living owner's segment is not compacted, whichever of its ids is damaged") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 4;
  for (bool is_first : {true, false}) {
    Bytes copy = test::ReadWholeFile(segment.writer().path());
    layout::Header& header = test::HeaderOf(copy);
    (is_first ? header.first_id : header.segment_id)[0] ^= 1;
    header.state = static_cast<uint32_t>(layout::OwnerState::kClosed);
    test::RepairHeaderCrc(copy);
    test::WriteWholeFile(directory.File("s.0"), copy);
    Group group(directory.path(), CurrentOwner(0));
    auto compacted = group.Compact({}, 0, false);

    REQUIRE(compacted.ok());
    CHECK(compacted.value() == 0);
  }
}

TEST_CASE("of a dead segment and its copies the one with the owner's name is compacted") {
  TemporaryDirectory directory;
  std::string path;
  {
    TestSegment segment = TestSegment::InFile(directory.path());
    *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 5;
    path = segment.writer().path();
    Bytes original = test::ReadWholeFile(path);
    *segment.Series(segment.Family(test::CounterFamily("later"))).cells = 1;
    test::HeaderOf(original).state = static_cast<uint32_t>(layout::OwnerState::kClosed);
    test::HeaderOf(original).created_realtime_ns = 1;
    test::RepairHeaderCrc(original);
    for (std::string name : {"s.0", "s.z"}) test::WriteWholeFile(directory.File(name), original);
    segment.writer().header().state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  }
  Group group(directory.path(), CurrentOwner(0));
  REQUIRE(group.Compact({}, 0, false).ok());

  CHECK(Shown(Rendered(group), "later") == "1");
}

TEST_CASE("a copy of a segment counts for nothing beside the segment itself, and alone it does") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries series = segment.Series(segment.Family(test::CounterFamily("c")));
  *series.cells = 4;
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Shown(Rendered(group), "c") == "4");
  // One sorts before the original, one after it; both are behind it in time.
  for (std::string name : {"s.0", "s.z"}) {
    test::WriteWholeFile(directory.File(name), test::ReadWholeFile(segment.writer().path()));
  }
  *series.cells = 5;
  std::string text = Rendered(group);
  CHECK(Shown(text, "c") == "5");
  CHECK(Skipped(text, "duplicate") == "2");
  segment.Series(segment.Family(test::CounterFamily("later")));
  CHECK(Shown(Rendered(group), "later") == "0");
  CHECK(Rendered(group) == RenderedAnew(directory.path()));

  REQUIRE(::unlink(segment.writer().path().c_str()) == 0);
  // A group that has read the original keeps its last numbers for a while. A new one sees only the copies.
  CHECK(Shown(Rendered(group), "c") == "5");
  text = RenderedAnew(directory.path());
  CHECK(Shown(text, "c") == "4");
  CHECK(Skipped(text, "duplicate") == "1");
}

// Bytes of this process in memory.
uint64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

// A file of 1 GiB that takes a few pages: its cells and most of its records are holes.
void PlantHollow(const std::string& path, layout::FileKind kind) {
  constexpr uint64_t kCells = 512ull * 1024 * 1024;
  constexpr uint64_t kRecords = 500ull * 1024 * 1024;
  SegmentImage image(0);
  layout::Header& header = image.header();
  header.kind = static_cast<uint32_t>(kind);
  header.extents[0].length = kCells;
  header.extents[1].offset = layout::kHeaderSize + kCells;
  header.extents[1].length = header.records_end = kRecords;
  test::RepairHeaderCrc(image.bytes());
  test::WriteWholeFile(path, image.bytes());
  REQUIRE(::truncate(path.c_str(), layout::kHeaderSize + kCells + kRecords) == 0);
}

TEST_CASE("planted files that consist of holes cost no memory, and hide no other segment") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 4;
  for (const char* name : {"s.hollow", "s.hollow2"}) {
    PlantHollow(directory.File(name), layout::FileKind::kSegment);
  }
  PlantHollow(directory.File("archive"), layout::FileKind::kArchive);
  uint64_t before = ResidentBytes();
  Group group(directory.path(), CurrentOwner(0));
  std::string text = Rendered(group);
  CHECK(Shown(text, "c") == "4");
  CHECK(Skipped(text, "corrupt") == "3");
  CHECK(ResidentBytes() < before + 32 * 1024 * 1024);
}

TEST_CASE("a file of another user is not read, unless by root") {
  if (::geteuid() != 0) {
    MESSAGE("skipped: only root can make files of another user");
    return;
  }
  TemporaryDirectory directory;
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 4;
  REQUIRE(::chmod(segment.writer().path().c_str(), 0644) == 0);
  Child stranger([&](const Child::Line& line) {
    if (::seteuid(65534) != 0) ::_exit(1);
    std::string text = RenderedAnew(directory.path());
    line.Tell(Shown(text, "c") == "absent" && Skipped(text, "forbidden") == "1" ? 'y' : 'n');
  });
  CHECK(stranger.Hear() == 'y');
  REQUIRE(::chmod(segment.writer().path().c_str(), 0600) == 0);
  Child refused([&](const Child::Line& line) {
    if (::seteuid(65534) != 0) ::_exit(1);
    line.Tell(Skipped(RenderedAnew(directory.path()), "forbidden") == "1" ? 'y' : 'n');
  });
  CHECK(refused.Hear() == 'y');
  REQUIRE(::chown(segment.writer().path().c_str(), 65534, 65534) == 0);
  CHECK(Shown(RenderedAnew(directory.path()), "c") == "4");
}

TEST_CASE("a directory that is not there is an empty group, and one that cannot be listed is counted") {
  TemporaryDirectory directory;
  CHECK(RenderedAnew(directory.File("missing")) == "\n");
  test::WriteWholeFile(directory.File("file"), {1});
  CHECK(Skipped(RenderedAnew(directory.File("file")), "unreadable") == "1");
  CHECK(RenderedAnew("") == "\n");
}

TEST_CASE("segments come and go between scrapes") {
  TemporaryDirectory directory;
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Rendered(group) == "\n");
  std::optional<TestSegment> a = TestSegment::InFile(directory.path());
  *a->Series(a->Family(test::CounterFamily("c"))).cells = 1;
  CHECK(Shown(Rendered(group), "c") == "1");
  TestSegment b = TestSegment::InFile(directory.path());
  *b.Series(b.Family(test::CounterFamily("c"))).cells = 2;
  CHECK(Shown(Rendered(group), "c") == "3");
  std::string path = a->writer().path();
  a.reset();
  CHECK(Shown(Rendered(group), "c") == "3");
  REQUIRE(::unlink(path.c_str()) == 0);
  CHECK(Shown(Rendered(group), "c") == "2");
}

TEST_CASE("another file under a known name is read anew") {
  TemporaryDirectory directory;
  Group group(directory.path(), CurrentOwner(0));
  SegmentImage image;
  image.Scope(0, "");
  image.Family(1, test::CounterFamily("c"));
  uint64_t cell = image.Cells(1);
  image.Series(1, 1, cell);
  for (uint8_t id = 1; id < 5; id++) {
    image.header().segment_id[0] = id;
    *image.cells(cell) = id;
    test::RepairHeaderCrc(image.bytes());
    test::WriteWholeFile(directory.File("new"), image.bytes());
    REQUIRE(::rename(directory.File("new").c_str(), directory.File("s.x").c_str()) == 0);
    CHECK(Shown(Rendered(group), "c") == std::to_string(id));
  }
}

TEST_CASE("a file that is cut under a reader counts with its last numbers, and for new readers not at all") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InMemory();
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = 6;
  Bytes valid(layout::kGranule);
  REQUIRE(segment.source().Read(valid.data(), valid.size(), 0));
  Group group(directory.path(), CurrentOwner(0));
  for (size_t length : {size_t{0}, size_t{100}, size_t{4100}, size_t{layout::kFirstCellsOffset}}) {
    test::WriteWholeFile(directory.File("s.x"), valid);
    std::string text = Rendered(group);
    CHECK(Shown(text, "c") == "6");
    CHECK(Skipped(text, "truncated") == "absent");
    REQUIRE(::truncate(directory.File("s.x").c_str(), static_cast<off_t>(length)) == 0);
    text = Rendered(group);
    CHECK(Shown(text, "c") == "6");
    CHECK(Skipped(text, "truncated") == "1");
    CHECK(Shown(RenderedAnew(directory.path()), "c") == "absent");
  }
}

}  // namespace
}  // namespace prom
