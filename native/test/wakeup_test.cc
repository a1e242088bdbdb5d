#include "group/wakeup.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "files/directory.h"
#include "files/owner.h"
#include "platform/clock.h"
#include "support/child.h"
#include "support/files.h"
#include "support/must.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::Wakeup;
using test::Child;
using test::Must;
using test::SegmentImage;
using test::TemporaryDirectory;
using test::TestSegment;

// Longer than any test may take: only a failed test waits so long.
constexpr double kForeverMs = 20'000;

std::string NameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// An owner that listens.
struct Listener {
  explicit Listener(const std::string& directory, bool collects = true)
      : segment(TestSegment::InFile(directory)), fifo(Must(segment.owner().OpenWakeup())) {
    if (collects) segment.owner().HasCollectors();
  }

  // The text that was written to the FIFO since the last call, without waiting.
  std::string Heard() const {
    char text[PIPE_BUF];
    ssize_t n = ::read(fifo.get(), text, sizeof text);
    return n > 0 ? std::string(text, static_cast<size_t>(n)) : "";
  }
  // The same, once there is something.
  std::string Hear() const {
    pollfd wait{fifo.get(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    return Heard();
  }
  void Collect() {
    uint64_t sequence = segment.owner().StartCollect();
    segment.owner().FinishCollect(sequence, 0);
  }

  TestSegment segment;
  UniqueFd fifo;
};

// How many of a directory's owners have not collected.
uint32_t Late(const std::string& directory, double deadline_ms, Wakeup listeners = Wakeup::kCollects) {
  CollectRequest request("collect\n", listeners);
  request.NotifyAll(directory, "");
  return request.Wait(deadline_ms);
}

TEST_CASE("a wake-up FIFO has its segment's name with another first letter") {
  CHECK(WakeupPath("/s.dir/s.1.2.ab") == "/s.dir/w.1.2.ab");
  CHECK(WakeupPath("s.1.2.ab") == "w.1.2.ab");
}

TEST_CASE("a request is done when all owners have collected, and then their stores are visible") {
  TemporaryDirectory directory;
  Listener first(directory.path());
  Listener second(directory.path());
  std::vector<std::thread> owners;
  std::string heard[2];
  double* cells[2];
  int index = 0;
  for (Listener* owner : {&first, &second}) {
    cells[index] = owner->segment.Series(owner->segment.Family(test::CounterFamily("c"))).cells;
    owners.emplace_back([owner, text = &heard[index], cell = cells[index]] {
      *text = owner->Hear();
      uint64_t sequence = owner->segment.owner().StartCollect();
      *cell = 7;
      owner->segment.owner().FinishCollect(sequence, 1);
    });
    index++;
  }
  CHECK(Late(directory.path(), kForeverMs) == 0);
  CHECK(*cells[0] == 7);
  CHECK(*cells[1] == 7);
  for (std::thread& owner : owners) owner.join();
  CHECK(heard[0] == "collect\n");
  CHECK(heard[1] == "collect\n");
  CHECK(first.segment.writer().header().collect_failures == 1);
}

TEST_CASE("a collect that began before the request does not count") {
  TemporaryDirectory directory;
  Listener owner(directory.path());
  uint64_t earlier = owner.segment.owner().StartCollect();
  CollectRequest request("collect\n", Wakeup::kCollects);
  request.NotifyAll(directory.path(), "");
  owner.segment.owner().FinishCollect(earlier, 0);
  CHECK(request.Wait(0) == 1);
  owner.Collect();
  CHECK(request.Wait(0) == 0);
}

TEST_CASE("an owner that has not collected at the deadline is late") {
  TemporaryDirectory directory;
  Listener prompt(directory.path());
  Listener blocked(directory.path());
  CollectRequest request("collect\n", Wakeup::kCollects);
  request.NotifyAll(directory.path(), "");
  prompt.Collect();
  uint64_t start = BoottimeNs();
  CHECK(request.Wait(20) == 1);
  CHECK(BoottimeNs() - start >= 20'000'000);
  CHECK(request.Wait(-1) == 1);
}

TEST_CASE("an owner without anything to collect hears other messages only") {
  TemporaryDirectory directory;
  Listener owner(directory.path(), false);
  CHECK(Late(directory.path(), kForeverMs) == 0);
  CHECK(owner.Heard() == "");
  CHECK(Late(directory.path(), 0, Wakeup::kListens) == 1);
  CHECK(owner.Heard() == "collect\n");
}

TEST_CASE("the excepted segment, other files and owners without a FIFO are not notified") {
  TemporaryDirectory directory;
  Listener self(directory.path());
  TestSegment deaf = TestSegment::InFile(directory.path());
  std::string other = "t" + NameOf(self.segment.writer().path()).substr(1);
  REQUIRE(::link(self.segment.writer().path().c_str(), directory.File(other).c_str()) == 0);
  CollectRequest request("collect\n", Wakeup::kCollects);
  request.NotifyAll(directory.path(), NameOf(self.segment.writer().path()));
  request.NotifyAll(directory.File("missing"), "");
  CHECK(request.Wait(kForeverMs) == 0);
  CHECK(self.Heard() == "");
}

TEST_CASE("a request does not wait for a dead owner") {
  TemporaryDirectory directory;
  Child child([&](const Child::Line& line) {
    auto* owner = new Listener(directory.path());
    line.Tell('r');
    owner->Hear();
    owner->Collect();
  });
  REQUIRE(child.Hear() == 'r');
  REQUIRE(Late(directory.path(), kForeverMs) == 0);
  child.Kill();
  child.Reap();
  REQUIRE(directory.Names().size() == 2);  // its segment and its FIFO
  CHECK(Late(directory.path(), kForeverMs) == 0);
}

TEST_CASE("a request waits for an owner whose FIFO is full") {
  TemporaryDirectory directory;
  Listener owner(directory.path());
  const std::string filler(PIPE_BUF, 'x');
  while (::write(owner.fifo.get(), filler.data(), filler.size()) > 0) {
  }
  CollectRequest request("collect\n", Wakeup::kCollects);
  request.NotifyAll(directory.path(), "");
  CHECK(request.Wait(0) == 1);
  std::string heard;
  for (std::string text = owner.Heard(); !text.empty(); text = owner.Heard()) heard += text;
  CHECK(heard.find("collect") == std::string::npos);
  owner.Collect();
  CHECK(request.Wait(0) == 0);
}

TEST_CASE("only a FIFO is written to in the place of a wake-up FIFO") {
  TemporaryDirectory directory;
  Listener owner(directory.path());
  std::string fifo_path = WakeupPath(owner.segment.writer().path());
  std::string file = directory.File("precious");
  std::string fifo = directory.File("fifo");
  test::WriteWholeFile(file, {1, 2, 3});
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  UniqueFd listens(::open(fifo.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  REQUIRE(listens.valid());

  SUBCASE("a file") {
    ::unlink(fifo_path.c_str());
    REQUIRE(::rename(file.c_str(), fifo_path.c_str()) == 0);
    file = fifo_path;
  }
  SUBCASE("a symbolic link to a file") {
    ::unlink(fifo_path.c_str());
    REQUIRE(::symlink(file.c_str(), fifo_path.c_str()) == 0);
  }
  SUBCASE("a symbolic link to a FIFO") {
    ::unlink(fifo_path.c_str());
    REQUIRE(::symlink(fifo.c_str(), fifo_path.c_str()) == 0);
  }
  SUBCASE("a directory") {
    ::unlink(fifo_path.c_str());
    REQUIRE(::mkdir(fifo_path.c_str(), 0700) == 0);
  }
  SUBCASE("nothing") { ::unlink(fifo_path.c_str()); }

  CHECK(Late(directory.path(), kForeverMs) == 0);
  CHECK(test::ReadWholeFile(file) == Bytes{1, 2, 3});
  char byte;
  CHECK(::read(listens.get(), &byte, 1) == -1);
  CHECK(owner.Heard() == "");
}

TEST_CASE("a file that is no segment has no wake-up FIFO") {
  TemporaryDirectory directory;
  Listener owner(directory.path());
  std::string path = owner.segment.writer().path();
  std::string aside = directory.File("aside");
  REQUIRE(::rename(path.c_str(), aside.c_str()) == 0);
  SUBCASE("a symbolic link") { REQUIRE(::symlink(aside.c_str(), path.c_str()) == 0); }
  SUBCASE("a FIFO") { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }
  SUBCASE("a directory") { REQUIRE(::mkdir(path.c_str(), 0700) == 0); }
  SUBCASE("an empty file") { test::WriteWholeFile(path, {}); }
  CHECK(Late(directory.path(), kForeverMs) == 0);
  CHECK(owner.Heard() == "");
}

TEST_CASE("a segment that is cut short is not waited for any longer") {
  TemporaryDirectory directory;
  SegmentImage image;
  image.header().wakeup = static_cast<uint32_t>(Wakeup::kCollects);
  test::WriteWholeFile(directory.File("s.1.1.a"), image.bytes());
  REQUIRE(::mkfifo(directory.File("w.1.1.a").c_str(), 0600) == 0);
  UniqueFd listens(::open(directory.File("w.1.1.a").c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  CollectRequest request("collect\n", Wakeup::kCollects);
  request.NotifyAll(directory.path(), "");
  CHECK(request.Wait(0) == 1);
  REQUIRE(::truncate(directory.File("s.1.1.a").c_str(), 8) == 0);
  CHECK(request.Wait(kForeverMs) == 0);
}

TEST_CASE("closing a segment removes its FIFO; opening one replaces a file, but no directory") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  std::string fifo_path = WakeupPath(segment.writer().path());
  REQUIRE(::mkdir(fifo_path.c_str(), 0700) == 0);
  auto refused = segment.owner().OpenWakeup();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code == EEXIST);
  segment.owner().HasCollectors();
  CHECK(segment.writer().header().wakeup == static_cast<uint32_t>(Wakeup::kNone));
  REQUIRE(::rmdir(fifo_path.c_str()) == 0);
  test::WriteWholeFile(fifo_path, {1});
  UniqueFd listens(Must(segment.owner().OpenWakeup()));
  struct stat status {};
  REQUIRE(::lstat(fifo_path.c_str(), &status) == 0);
  CHECK(S_ISFIFO(status.st_mode));
  segment.owner().Close();
  CHECK(directory.Names().size() == 1);
}

TEST_CASE("a request for one process goes to its owners only") {
  TemporaryDirectory directory;
  Listener owner(directory.path());
  ProcessIdentity own = ProcessOf(CurrentOwner(0));
  ProcessIdentity other = own;
  other.start_ticks++;
  CollectRequest to_other("collect\n", Wakeup::kListens, other);
  to_other.NotifyAll(directory.path(), "");
  CHECK(to_other.Wait(0) == 0);
  CHECK(owner.Heard().empty());
  CollectRequest to_own("collect\n", Wakeup::kListens, own);
  to_own.NotifyAll(directory.path(), "");
  CHECK(to_own.Wait(0) == 1);
  CHECK(owner.Heard() == "collect\n");
}

}  // namespace
}  // namespace prom
