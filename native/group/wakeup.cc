#include "group/wakeup.h"

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
#include "format/publication.h"

namespace prom {
namespace {

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

template <typename T>
bool ReadField(const UniqueFd& file, size_t offset, T* value) {
  return FileSource(file.get()).Read(value, sizeof *value, offset);
}

}  // namespace

void CollectRequest::Notify(const std::string& path) {
  UniqueFd segment(::open(path.c_str(), O_RDONLY | kFlags));
  uint32_t wakeup = 0;
  if (!segment.valid() || !ReadField(segment, offsetof(layout::Header, wakeup), &wakeup)) return;
  if (wakeup < static_cast<uint32_t>(least_)) return;
  if (process_) {
    layout::Header header;
    if (!ReadField(segment, 0, &header) || ProcessOf(header) != *process_) return;
  }
  // Fails when the FIFO has no reader, as when its owner has exited.
  UniqueFd fifo(::open(WakeupPath(path).c_str(), O_WRONLY | kFlags));
  struct stat status {};
  if (!fifo.valid() || ::fstat(fifo.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) return;
  uint64_t sequence;
  if (!ReadField(segment, offsetof(layout::Header, collects_started), &sequence)) return;
  // The message is shorter than PIPE_BUF: it is written whole or not at all. An owner with a full FIFO is late in any case.
  if (::write(fifo.get(), message_.data(), message_.size()) < 0 && errno != EAGAIN) return;
  pending_.push_back({path, std::move(segment), sequence});
}

void CollectRequest::NotifyAll(const std::string& directory, const std::string& except) {
  UniqueFd fd = OpenDirectory(directory);
  std::vector<std::string> names;
  if (!fd.valid() || !ListNames(fd.get(), names)) return;
  for (const std::string& name : names) {
    if (IsSegmentName(name) && name != except) Notify(directory + '/' + name);
  }
}

bool CollectRequest::PendingOwner::IsDone() {
  struct stat status {};
  if (::fstat(segment.get(), &status) == 0 && status.st_nlink == 0) {
    UniqueFd rewritten(::open(path.c_str(), O_RDONLY | kFlags));
    if (rewritten.valid()) segment = std::move(rewritten);
  }
  uint64_t finished = 0;
  bool readable = ReadField(segment, offsetof(layout::Header, collects_finished), &finished);
  return !readable || finished > sequence;
}

uint32_t CollectRequest::Wait(double deadline_ms) {
  uint64_t end = BoottimeNs() + static_cast<uint64_t>(std::max(deadline_ms, 0.0) * 1e6);
  for (int pause_ms = 0;; pause_ms = std::min(pause_ms + 1, 4)) {
    std::erase_if(pending_, [](PendingOwner& owner) { return owner.IsDone(); });
    AcquireFence();
    if (pending_.empty() || BoottimeNs() >= end) return static_cast<uint32_t>(pending_.size());
    ::poll(nullptr, 0, pause_ms);
  }
}

}  // namespace prom
