#include "files/owner.h"

#include <doctest/doctest.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>

#include "platform/clock.h"
#include "platform/process.h"
#include "support/await.h"
#include "support/child.h"
#include "support/files.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using layout::Header;
using layout::OwnerState;
using test::Child;
using test::TemporaryDirectory;
using test::TestSegment;

constexpr uint64_t kSecond = 1'000'000'000;

bool LooksDead(int fd, const Header& header, const OwnerIdentity& self) {
  return !CountsAsLive(ProbeLock(fd), OwnerEvidence(header, self));
}

// The header of a segment of this thread.
Header OwnHeader() {
  TestSegment segment = TestSegment::InMemory();
  return segment.writer().header();
}

// A child that creates a segment, counts to 5 in it and lives until it is killed.
Child SegmentOwner(const std::string& directory) {
  Child child([&](const Child::Line& line) {
    auto* segment = new TestSegment(TestSegment::InFile(directory));
    *segment->Series(segment->Family(test::CounterFamily("c"))).cells = 5;
    line.Tell('r');
    line.Hear();
  });
  REQUIRE(child.Hear() == 'r');
  return child;
}

Header HeaderOfOnlyFile(const TemporaryDirectory& directory, UniqueFd* fd) {
  auto names = directory.Names();
  REQUIRE(names.size() == 1);
  *fd = test::OpenForReading(directory.File(names[0]));
  Header header;
  REQUIRE(FileSource(fd->get()).Read(&header, sizeof header, 0));
  return header;
}

TEST_CASE("the identity of the calling thread has its pid, tid and start") {
  OwnerIdentity self = CurrentOwner(4);
  CHECK(self.pid == static_cast<uint32_t>(::getpid()));
  CHECK(self.tid == static_cast<uint32_t>(::gettid()));
  CHECK(self.worker_thread == 4);
  CHECK(self.start_ticks > 0);
  CHECK(self.start_ticks == ReadProcessStat(self.pid).start_ticks);
  CHECK(self.pid_namespace != 0);
  CHECK(std::any_of(self.boot_id.begin(), self.boot_id.end(), [](uint8_t byte) { return byte != 0; }));
  uint32_t other_tid = 0;
  std::thread([&] { other_tid = CurrentOwner(1).tid; }).join();
  CHECK(other_tid != 0);
  CHECK(other_tid != self.tid);
}

TEST_CASE("an owner holds the lock of its segment and counts as live") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  UniqueFd fd;
  Header header = HeaderOfOnlyFile(directory, &fd);
  CHECK((ProbeLock(fd.get()) == LockProbe::kHeld));
  CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kPresent));
  CHECK_FALSE(LooksDead(fd.get(), header, CurrentOwner(0)));
  segment.owner().Close();
  REQUIRE(FileSource(fd.get()).Read(&header, sizeof header, 0));
  CHECK((ProbeLock(fd.get()) == LockProbe::kFree));
  CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kGone));
  CHECK(LooksDead(fd.get(), header, CurrentOwner(0)));
}

TEST_CASE(
    "two readers that probe a lock at once do not take each other for the owner, and leave no lock behind") {
  TemporaryDirectory directory;
  test::WriteWholeFile(directory.File("s"), {1});
  UniqueFd a = test::OpenForReading(directory.File("s"));
  UniqueFd b = test::OpenForReading(directory.File("s"));
  REQUIRE(::flock(a.get(), LOCK_SH | LOCK_NB) == 0);
  CHECK((ProbeLock(b.get()) == LockProbe::kFree));
  REQUIRE(::flock(a.get(), LOCK_UN) == 0);
  CHECK((ProbeLock(b.get()) == LockProbe::kFree));
  CHECK(::flock(a.get(), LOCK_EX | LOCK_NB) == 0);
}

TEST_CASE(
    "a lock that cannot be probed is unknown, and its owner counts as live unless it is known to be gone") {
  CHECK((ProbeLock(-1) == LockProbe::kUnknown));
  Header header = OwnHeader();
  CHECK_FALSE(LooksDead(-1, header, CurrentOwner(0)));
  header.pid_namespace = 0;
  CHECK_FALSE(LooksDead(-1, header, CurrentOwner(0)));
  header.state = static_cast<uint32_t>(OwnerState::kClosed);
  CHECK(LooksDead(-1, header, CurrentOwner(0)));
}

TEST_CASE("a killed owner is gone as a zombie and afterwards") {
  TemporaryDirectory directory;
  Child child = SegmentOwner(directory.path());
  OwnerIdentity self = CurrentOwner(0);
  UniqueFd fd;
  Header header = HeaderOfOnlyFile(directory, &fd);
  CHECK(header.pid == static_cast<uint32_t>(child.pid()));
  CHECK((ProbeLock(fd.get()) == LockProbe::kHeld));
  CHECK((OwnerEvidence(header, self) == Evidence::kPresent));
  CHECK_FALSE(LooksDead(fd.get(), header, self));

  child.Kill();
  child.AwaitZombie();
  ProcessStat stat = ReadProcessStat(header.pid);
  CHECK(stat.readable);
  CHECK(stat.zombie);
  CHECK((ProbeLock(fd.get()) == LockProbe::kFree));
  CHECK((OwnerEvidence(header, self) == Evidence::kGone));
  CHECK(LooksDead(fd.get(), header, self));

  child.Reap();
  CHECK_FALSE(ReadProcessStat(header.pid).readable);
  CHECK((OwnerEvidence(header, self) == Evidence::kGone));
  CHECK(LooksDead(fd.get(), header, self));
}

TEST_CASE("a stopped owner is present") {
  TemporaryDirectory directory;
  Child child = SegmentOwner(directory.path());
  ::kill(child.pid(), SIGSTOP);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child.pid()), &info, WSTOPPED | WNOWAIT) == 0);
  UniqueFd fd;
  Header header = HeaderOfOnlyFile(directory, &fd);
  CHECK_FALSE(LooksDead(fd.get(), header, CurrentOwner(0)));
}

TEST_CASE("an owner whose pid belongs to another process now is gone") {
  Header header = OwnHeader();
  OwnerIdentity self = CurrentOwner(0);
  CHECK((OwnerEvidence(header, self) == Evidence::kPresent));
  header.start_ticks--;
  CHECK((OwnerEvidence(header, self) == Evidence::kGone));
}

TEST_CASE("a running process is present when the start of the owner is unknown") {
  Header header = OwnHeader();
  header.start_ticks = 0;
  CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kPresent));
}

TEST_CASE("a thread that has ended is gone though its process runs") {
  std::mutex mutex;
  std::condition_variable changed;
  OwnerIdentity identity;
  bool ready = false;
  bool leave = false;
  std::thread thread([&] {
    std::unique_lock lock(mutex);
    identity = CurrentOwner(1);
    ready = true;
    changed.notify_all();
    changed.wait(lock, [&] { return leave; });
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ready; });
  TestSegment segment = TestSegment::InMemory(identity);
  Header header = segment.writer().header();
  CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kPresent));
  leave = true;
  lock.unlock();
  changed.notify_all();
  thread.join();
  // The system lists a thread for a moment after it was joined.
  CHECK(test::Await([&] { return OwnerEvidence(header, CurrentOwner(0)) == Evidence::kGone; }));
}

TEST_CASE("the owner of a segment marked as closed is gone") {
  Header header = OwnHeader();
  header.state = static_cast<uint32_t>(OwnerState::kClosed);
  CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kGone));
}

TEST_CASE("an owner of another pid namespace is silent a minute after its last heartbeat") {
  if (BoottimeNs() < 62 * kSecond) {
    MESSAGE("skipped: this machine has not been up for a minute");
    return;
  }
  OwnerIdentity self = CurrentOwner(0);
  for (uint64_t pid_namespace : {self.pid_namespace + 1, uint64_t{0}}) {
    Header header = OwnHeader();
    header.pid_namespace = pid_namespace;
    header.pid = 1;
    CHECK((OwnerEvidence(header, self) == Evidence::kUnknown));
    header.heartbeat_boottime_ns = BoottimeNs() - 50 * kSecond;
    CHECK((OwnerEvidence(header, self) == Evidence::kUnknown));
    header.heartbeat_boottime_ns = BoottimeNs() - 61 * kSecond;
    CHECK((OwnerEvidence(header, self) == Evidence::kSilent));
  }
}

TEST_CASE("an owner of another boot is silent ten minutes after its last heartbeat") {
  OwnerIdentity self = CurrentOwner(0);
  Header header = OwnHeader();
  header.boot_id[5] ^= 1;
  header.heartbeat_boottime_ns = 0;
  CHECK((OwnerEvidence(header, self) == Evidence::kUnknown));
  header.heartbeat_realtime_ns = RealtimeNs() - 590 * kSecond;
  CHECK((OwnerEvidence(header, self) == Evidence::kUnknown));
  header.heartbeat_realtime_ns = RealtimeNs() - 601 * kSecond;
  CHECK((OwnerEvidence(header, self) == Evidence::kSilent));
}

TEST_CASE("a heartbeat in the future is no evidence") {
  OwnerIdentity self = CurrentOwner(0);
  Header header = OwnHeader();
  header.boot_id[5] ^= 1;
  for (uint64_t time : {RealtimeNs() + 3600 * kSecond, ~uint64_t{0}, ~uint64_t{0} - 100 * kSecond}) {
    header.heartbeat_realtime_ns = time;
    CHECK((OwnerEvidence(header, self) == Evidence::kUnknown));
  }
}

TEST_CASE("a pid that no process can have is no evidence") {
  for (uint32_t pid : {0u, 0x80000000u, 0xffffffffu}) {
    Header header = OwnHeader();
    header.pid = pid;
    CHECK((OwnerEvidence(header, CurrentOwner(0)) == Evidence::kUnknown));
  }
}

TEST_CASE("an owner counts as dead only with a free lock and without evidence of life") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  test::WriteWholeFile(directory.File("copy"), test::ReadWholeFile(segment.writer().path()));
  UniqueFd held = test::OpenForReading(segment.writer().path());
  UniqueFd free = test::OpenForReading(directory.File("copy"));
  OwnerIdentity self = CurrentOwner(0);
  Header present = segment.writer().header();
  Header gone = present;
  gone.start_ticks++;
  Header unknown = present;
  unknown.pid_namespace = 0;
  CHECK_FALSE(LooksDead(held.get(), present, self));
  CHECK(LooksDead(held.get(), gone, self));  // the holder of the lock is not the owner
  CHECK_FALSE(LooksDead(held.get(), unknown, self));
  CHECK_FALSE(LooksDead(free.get(), present, self));
  CHECK(LooksDead(free.get(), gone, self));
  CHECK(LooksDead(free.get(), unknown, self));
}

TEST_CASE("no name of a process hides its start") {
  for (const char* name : {") Z 1 2 3 (", "a) b) c)", "((((", "new\nline )"}) {
    Child child([name](const Child::Line& line) {
      ::prctl(PR_SET_NAME, name);
      line.Tell('r');
    });
    REQUIRE(child.Hear() == 'r');
    ProcessStat stat = ReadProcessStat(static_cast<uint32_t>(child.pid()));
    CHECK(stat.readable);
    CHECK_FALSE(stat.zombie);
    CHECK(stat.start_ticks >= ReadProcessStat(static_cast<uint32_t>(::getpid())).start_ticks);
    CHECK(stat.start_ticks < ReadProcessStat(static_cast<uint32_t>(::getpid())).start_ticks + 1'000'000);
  }
}

TEST_CASE("a process that does not exist has no stat") {
  CHECK_FALSE(ReadProcessStat(0).readable);
  CHECK_FALSE(ReadProcessStat(0x7fffffff).readable);
}

}  // namespace
}  // namespace prom
