#include "../group.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support.h"

namespace prom {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using test::Child;
using test::SegmentImage;
using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

const View kGlobal{{""}, true};

Scrape Of(View view, std::optional<std::string> name = std::nullopt, Format format = Format::kText) {
  Scrape scrape;
  scrape.view = std::move(view);
  scrape.name = std::move(name);
  scrape.format = format;
  return scrape;
}

Scrape With(const TestSegment& in_memory) {
  Scrape scrape = Of(kGlobal);
  scrape.private_segments.push_back(in_memory.shared());
  return scrape;
}

std::string Rendered(Group& group, const Scrape& scrape = Of(kGlobal)) {
  return std::string(group.Render(scrape).value().view());
}

// What somebody who comes now for the first time sees.
std::string RenderedAnew(const std::string& directory) {
  Group group(directory, CurrentOwner(0));
  return Rendered(group);
}

std::string Shown(const std::string& text, const std::string& sample) {
  size_t at = text.find('\n' + sample + ' ');
  if (at == std::string::npos) return "absent";
  at += sample.size() + 2;
  return text.substr(at, text.find('\n', at) - at);
}

double Number(const std::string& text, const std::string& sample) {
  std::string shown = Shown(text, sample);
  return shown == "absent" ? -1 : std::stod(shown);
}

std::string Skipped(const std::string& text, const std::string& reason) {
  return Shown(text, "prom_client_mmap_skipped_files{reason=\"" + reason + "\"}");
}

// Counts `times` in a segment of its own when told to, says so when it has done half and all of it, and lives on.
Child CountingChild(const std::string& directory, int times) {
  Child child([&](const Child::Line& line) {
    auto* segment = new TestSegment(TestSegment::InFile(directory));
    TestSeries counter = segment->Series(segment->Family(test::CounterFamily("c")));
    TestSeries histogram = segment->Series(segment->Family(test::HistogramFamily("h", {1, 2})));
    uint32_t summary_family = segment->Family(test::SummaryFamily("s", {0.5, 1}));
    TestSeries summary = segment->Series(summary_family);
    *segment->Series(segment->Family(test::GaugeFamily("live", MergeMode::kLiveSum))).cells = 1;
    *segment->Series(segment->Family(test::GaugeFamily("ever", MergeMode::kSum))).cells = 1;
    line.Tell('r');
    line.Hear();
    for (int i = 1; i <= times; i++) {
      if (i == times / 2 + 1) {
        line.Tell('h');
        line.Hear();
      }
      counter.Increment();
      histogram.Observe(1.5);
      if (i % 100 == 0) segment->ObserveSummary(summary, i);
      // Series that come while others scrape.
      if (i % 100'000 == 0) {
        *segment->Series(segment->Family(test::CounterFamily("late_" + std::to_string(i)))).cells = 1;
      }
    }
    line.Tell('d');
  });
  REQUIRE(child.Hear() == 'r');
  return child;
}

// True when the child has said something, or is dead.
bool Spoke(const Child& child) {
  pollfd wait{child.line(), POLLIN, 0};
  return ::poll(&wait, 1, 0) == 1;
}

TEST_CASE("several processes count while another scrapes: nothing goes back and nothing is lost") {
  constexpr int kTimes = 400'000;
  constexpr int kChildren = 3;
  TemporaryDirectory directory;
  std::vector<Child> children;
  for (int i = 0; i < kChildren; i++) children.push_back(CountingChild(directory.path(), kTimes));
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Shown(Rendered(group), "c") == "0");
  for (const Child& child : children) child.Tell('g');

  double counter = 0;
  double histogram = 0;
  auto scrape_until_all_spoke = [&] {
    do {
      std::string text = Rendered(group);
      double now = Number(text, "c");
      if (now < counter) CHECK_MESSAGE(false, "the counter went back from " << counter << " to " << now);
      counter = now;
      now = Number(text, "h_count");
      if (now < histogram)
        CHECK_MESSAGE(false, "the histogram went back from " << histogram << " to " << now);
      histogram = now;
      if (Number(text, "h_bucket{le=\"+Inf\"}") != now)
        CHECK_MESSAGE(false, "the last bucket is not the count");
      if (Number(text, "h_bucket{le=\"2\"}") != now)
        CHECK_MESSAGE(false, "an observation is in a wrong bucket");
    } while (!std::all_of(children.begin(), children.end(), Spoke));
    for (const Child& child : children) child.Hear();
  };
  scrape_until_all_spoke();
  CHECK(Number(Rendered(group), "c") == kChildren * kTimes / 2);
  CHECK(Number(Rendered(group), "h_sum") == 1.5 * kChildren * kTimes / 2);
  for (const Child& child : children) child.Tell('g');
  scrape_until_all_spoke();
  std::string text = Rendered(group);
  CHECK(Number(text, "c") == kChildren * kTimes);
  CHECK(Number(text, "h_count") == kChildren * kTimes);
  CHECK(Number(text, "h_sum") == 1.5 * kChildren * kTimes);
  CHECK(Number(text, "s_count") == kChildren * kTimes / 100);
  CHECK(Number(text, "s{quantile=\"1\"}") == kTimes);
  CHECK(Number(text, "s{quantile=\"0.5\"}") == doctest::Approx(kTimes / 2).epsilon(0.0109));
  CHECK(Number(text, "late_" + std::to_string(kTimes)) == kChildren);
  CHECK(Number(text, "live") == kChildren);
  CHECK(text == RenderedAnew(directory.path()));
  CHECK(text.find("skipped") == std::string::npos);

  // The dead still count; what counts only the living does not.
  for (int killed = 1; killed <= kChildren; killed++) {
    Child& child = children[static_cast<size_t>(killed) - 1];
    child.Kill();
    child.AwaitZombie();
    text = Rendered(group);
    CHECK(Number(text, "c") == kChildren * kTimes);
    CHECK(Number(text, "h_sum") == 1.5 * kChildren * kTimes);
    CHECK(Number(text, "ever") == kChildren);
    CHECK(Shown(text, "live") == (killed == kChildren ? "absent" : std::to_string(kChildren - killed)));
    child.Reap();
    CHECK(Rendered(group) == text);
    CHECK(RenderedAnew(directory.path()) == text);
  }
}

TEST_CASE("what a process had counted when it was killed in the middle stays counted") {
  TemporaryDirectory directory;
  TestSegment own = TestSegment::InFile(directory.path());
  *own.Series(own.Family(test::CounterFamily("c"))).cells = 1000;
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 0; round < 5; round++) {
    Child child = CountingChild(directory.path(), 1'000'000'000);
    double before = Number(Rendered(group), "c");
    child.Tell('g');
    double seen = before;
    while (seen < before + 1000 * (round + 1)) seen = Number(Rendered(group), "c");
    child.Kill();
    child.AwaitZombie();
    std::string text = Rendered(group);
    CHECK(Number(text, "c") >= seen);
    CHECK(Rendered(group) == text);
    CHECK(RenderedAnew(directory.path()) == text);
    // Increments come first: at most one observation is cut short by each death.
    CHECK(Number(text, "c") - 1000 - Number(text, "h_count") <= round + 1);
    CHECK(Number(text, "c") - 1000 >= Number(text, "h_count"));
    CHECK(Number(text, "h_bucket{le=\"+Inf\"}") == Number(text, "h_count"));
  }
}

TEST_CASE("whatever else lies in the directory is left alone and counted") {
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
  // Who has read the original keeps its last numbers for a while; who comes now knows the copies only.
  CHECK(Shown(Rendered(group), "c") == "5");
  text = RenderedAnew(directory.path());
  CHECK(Shown(text, "c") == "4");
  CHECK(Skipped(text, "duplicate") == "1");
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
  Child nobody([&](const Child::Line& line) {
    if (::seteuid(65534) != 0) ::_exit(1);
    std::string text = RenderedAnew(directory.path());
    line.Tell(Shown(text, "c") == "absent" && Skipped(text, "forbidden") == "1" ? 'y' : 'n');
  });
  CHECK(nobody.Hear() == 'y');
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

// A file of an owner that is dead for long, with one gauge of mode `all`.
void WriteOwner(const TemporaryDirectory& directory, uint64_t created, double value,
                const std::function<void(layout::Header&)>& change) {
  SegmentImage image;
  image.header().segment_id[0] = static_cast<uint8_t>(created);
  image.header().created_realtime_ns = created;
  image.header().pid = image.header().tid = 100;
  change(image.header());
  test::RepairHeaderCrc(image.bytes());
  image.Scope(0, "");
  image.Family(1, test::GaugeFamily("g", MergeMode::kAll));
  uint64_t cell = image.Cells(1);
  image.Series(1, 1, cell);
  *image.cells(cell) = value;
  test::WriteWholeFile(directory.File("s." + std::to_string(9 - created)), image.bytes());
}

TEST_CASE(
    "the pid label tells threads from each other, and pid namespaces and processes that share a number") {
  TemporaryDirectory directory;
  WriteOwner(directory, 1, 1, [](layout::Header&) {});
  WriteOwner(directory, 2, 2, [](layout::Header& header) {
    header.worker_thread = 3;
    header.tid = 103;
  });
  WriteOwner(directory, 3, 3, [](layout::Header& header) { header.pid_namespace = 5; });
  WriteOwner(directory, 4, 4, [](layout::Header& header) { header.start_ticks = 7; });
  WriteOwner(directory, 5, 5, [](layout::Header& header) { header.pid = header.tid = 101; });
  WriteOwner(directory, 6, 6, [](layout::Header& header) {
    header.worker_thread = 3;
    header.tid = 103;
    header.boot_id[0] = 1;
  });
  std::string text = RenderedAnew(directory.path());
  CHECK(text == R"(# HELP g g help
# TYPE g gauge
g{pid="100"} 1
g{pid="100-3"} 2
g{pid="100#2"} 3
g{pid="100#3"} 4
g{pid="101"} 5
g{pid="100-3#2"} 6
)");
}

TEST_CASE("an owner's second segment has its owner's pid label") {
  TemporaryDirectory directory;
  TestSegment in_file = TestSegment::InFile(directory.path());
  TestSegment in_memory = TestSegment::InMemory();
  for (TestSegment* segment : {&in_file, &in_memory}) {
    uint32_t family = segment->Family(test::GaugeFamily("g", MergeMode::kAll, {"l"}));
    *segment->Series(family, {segment == &in_file ? "file" : "memory"}).cells = 1;
  }
  Group group(directory.path(), CurrentOwner(0));
  std::string text = Rendered(group, With(in_memory));
  std::string pid = std::to_string(::getpid());
  CHECK(Shown(text, "g{l=\"file\",pid=\"" + pid + "\"}") == "1");
  CHECK(Shown(text, "g{l=\"memory\",pid=\"" + pid + "\"}") == "1");
}

TEST_CASE("private segments count like files, and only for the scrape that brings them") {
  TemporaryDirectory directory;
  TestSegment in_file = TestSegment::InFile(directory.path());
  *in_file.Series(in_file.Family(test::CounterFamily("c"))).cells = 1;
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 0; round < 5; round++) {
    TestSegment in_memory = TestSegment::InMemory();
    uint32_t family = in_memory.Family(test::CounterFamily("c"));
    *in_memory.Series(family).cells = 10 + round;
    Scrape scrape = With(in_memory);
    CHECK(Number(Rendered(group, scrape), "c") == 11 + round);
    *in_memory.Series(family).cells = 100;
    CHECK(Number(Rendered(group, scrape), "c") == 111 + round);
    CHECK(Number(Rendered(group), "c") == 1);
  }
  Group nowhere("", CurrentOwner(0));
  TestSegment in_memory = TestSegment::InMemory();
  *in_memory.Series(in_memory.Family(test::CounterFamily("c"))).cells = 5;
  CHECK(Number(Rendered(nowhere, With(in_memory)), "c") == 5);
}

TEST_CASE("a scrape of one family gives it alone, and nothing when there is none of that name") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  *segment.Series(segment.Family(test::CounterFamily("a"))).cells = 1;
  *segment.Series(segment.Family(test::CounterFamily("b"))).cells = 2;
  test::WriteWholeFile(directory.File("foreign"), {1});
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Rendered(group, Of(kGlobal, "b")) == "# HELP b b help\n# TYPE b counter\nb 2");
  CHECK(Rendered(group, Of(kGlobal, "z")) == "");
  CHECK(Rendered(group, Of(kGlobal, "z", Format::kJson)) == "[]");
  CHECK(Rendered(group, Of(kGlobal, "a", Format::kJson)) ==
        R"([{"name":"a","help":"a help","type":"counter","mode":"sum","bounds":[],)"
        R"("series":[{"labels":[],"defaults":[],"values":[1]}]}])");
}

TEST_CASE("many views take turns on one group") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  constexpr uint32_t kScopes = 20;
  std::vector<TestSeries> counters;
  for (uint32_t scope = 0; scope < kScopes; scope++) {
    segment.Scope(scope, std::to_string(scope));
    counters.push_back(segment.Series(segment.Family(test::CounterFamily("c"), scope)));
  }
  Group group(directory.path(), CurrentOwner(0));
  for (int round = 1; round < 4; round++) {
    for (uint32_t scope = 0; scope < kScopes; scope++) *counters[scope].cells += scope;
    for (uint32_t scope = 0; scope < kScopes; scope++) {
      std::string text = Rendered(group, Of({{std::to_string(scope)}, true}));
      CHECK(Number(text, "c") == scope * static_cast<uint32_t>(round));
    }
  }
}

TEST_CASE("a view that was not asked for while its segment was out of sight is planned anew") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  uint32_t family = segment.Family(test::HistogramFamily("h", {1}, {"l"}, MergeMode::kMax));
  TestSeries removed = segment.Series(family, {"removed"});
  removed.Observe(0.5);
  segment.Series(family, {"kept"}).Observe(0.5);
  Group group(directory.path(), CurrentOwner(0));
  Rendered(group);
  std::string hidden = directory.File(".hidden");
  REQUIRE(::rename(segment.writer().path().c_str(), hidden.c_str()) == 0);
  Rendered(group, Of({{"another"}, true}));
  REQUIRE(::rename(hidden.c_str(), segment.writer().path().c_str()) == 0);
  segment.Remove(removed);
  CHECK(Rendered(group) == RenderedAnew(directory.path()));
}

TEST_CASE("threads may scrape one group at once") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  for (int i = 0; i < 50; i++) {
    *segment.Series(segment.Family(test::CounterFamily("c" + std::to_string(i)))).cells = i;
  }
  Group group(directory.path(), CurrentOwner(0));
  std::string expected = RenderedAnew(directory.path());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 20; round++) {
        if (i == 0) {
          Rendered(group, Of(kGlobal, std::nullopt, Format::kJson));
        } else if (Rendered(group) != expected) {
          FAIL_CHECK("another exposition");
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("an owner that has moved and was folded since the last scrape counts once") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  TestSeries counted = segment.Series(segment.Family(test::CounterFamily("c")));
  for (int i = 0; i < 3; i++) counted.Increment();
  Group group(directory.path(), CurrentOwner(0));
  Group later(directory.path(), CurrentOwner(0));
  REQUIRE(Number(Rendered(group), "c") == 3);
  for (int i = 0; i < 2; i++) {
    segment.Follow(counted, segment.Move());
    counted.Increment();
    if (i == 0) REQUIRE(Number(Rendered(later), "c") == 4);
  }
  segment.writer().Close();
  REQUIRE(group.Fold({}, 0).folded == 1);

  CHECK(Number(Rendered(group), "c") == 5);
  CHECK(Number(Rendered(later), "c") == 5);
  CHECK(Number(RenderedAnew(directory.path()), "c") == 5);
}

}  // namespace
}  // namespace prom
