#include "group/bell.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "base/byte_source.h"
#include "base/clock.h"
#include "files/directory.h"
#include "files/owner.h"
#include "format/layout.h"
#include "format/publication.h"

namespace prom {
namespace {

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

template <typename T>
bool ReadField(int fd, size_t offset, T* value) {
  return FileSource(fd).Read(value, sizeof *value, offset);
}

void SleepMs(int ms) { ::poll(nullptr, 0, ms); }

}  // namespace

void BellRound::Ring(const std::string& path) {
  UniqueFd segment(::open(path.c_str(), O_RDONLY | kFlags));
  uint32_t has = 0;
  if (!segment.valid() || !ReadField(segment.get(), offsetof(layout::Header, wakeup), &has)) return;
  if (has < static_cast<uint32_t>(listeners_)) return;
  // Without a reader, that is, with a dead owner, this fails.
  UniqueFd bell(::open(WakeupPath(path).c_str(), O_WRONLY | kFlags));
  struct stat status {};
  if (!bell.valid() || ::fstat(bell.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) return;
  uint64_t run;
  if (!ReadField(segment.get(), offsetof(layout::Header, collects_started), &run)) return;
  // Whole or not at all, as it is shorter than PIPE_BUF. An owner that has not emptied a full FIFO is late in any case.
  if (::write(bell.get(), message_.data(), message_.size()) < 0 && errno != EAGAIN) return;
  rung_.push_back({path, std::move(segment), run});
}

void BellRound::RingAll(const std::string& directory, const std::string& except) {
  DIR* listing = ::opendir(directory.c_str());
  if (listing == nullptr) return;
  while (const dirent* entry = ::readdir(listing)) {
    std::string name = entry->d_name;
    if (IsSegmentName(name) && name != except) Ring(directory + '/' + name);
  }
  ::closedir(listing);
}

bool BellRound::IsOver(Rung& rung) {
  struct stat status {};
  if (::fstat(rung.segment.get(), &status) == 0 && status.st_nlink == 0) {
    UniqueFd moved(::open(rung.path.c_str(), O_RDONLY | kFlags));
    if (moved.valid()) rung.segment = std::move(moved);
  }
  uint64_t finished = 0;
  bool readable = ReadField(rung.segment.get(), offsetof(layout::Header, collects_finished), &finished);
  return !readable || finished > rung.run;
}

uint32_t BellRound::Wait(double deadline_ms) {
  uint64_t end = BoottimeNs() + static_cast<uint64_t>(std::max(deadline_ms, 0.0) * 1e6);
  int pause = 0;
  while (true) {
    std::erase_if(rung_, IsOver);
    AcquireFence();
    if (rung_.empty() || BoottimeNs() >= end) break;
    SleepMs(pause);
    pause = std::min(pause + 1, 4);
  }
  return static_cast<uint32_t>(rung_.size());
}

}  // namespace prom
