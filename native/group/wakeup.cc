#include "group/wakeup.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "base/byte_source.h"
#include "files/directory.h"
#include "format/publication.h"
#include "platform/clock.h"
#include "platform/listing.h"

namespace prom {
namespace {

constexpr int kFlags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

template <typename T>
bool ReadField(const UniqueFd& file, size_t offset, T* value) {
  return FileSource(file.get()).Read(value, sizeof *value, offset);
}

// Far more than any labels need.
constexpr uint64_t kLongestText = 64 * 1024 * 1024;

std::string DirectoryOf(const std::string& segment) { return segment.substr(0, segment.rfind('/')); }
std::string NameOf(const std::string& segment) { return segment.substr(segment.rfind('/') + 1); }

// The file gets its name when it is complete.
std::optional<SystemError> Post(const std::string& segment, const std::string& text) {
  std::string temporary = DirectoryOf(segment) + "/.t." + RandomHex();
  auto fail = [&](const char* call) {
    SystemError error{errno, call, temporary};
    ::unlink(temporary.c_str());
    return error;
  };
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | kFlags, 0600));
  if (!fd.valid()) return fail("open");
  UniqueFd directory = OpenDirectory(DirectoryOf(segment));
  GiveToOwner(directory.get(), fd.get());
  if (!WriteWhole(fd.get(), text.data(), text.size())) return fail("write");
  char time[20];
  std::snprintf(time, sizeof time, "%016llx", static_cast<unsigned long long>(BoottimeNs()));
  std::string path = DirectoryOf(segment) + '/' + RequestPrefix(NameOf(segment)) + time + '.' + RandomHex();
  if (::rename(temporary.c_str(), path.c_str()) != 0) return fail("rename");
  return std::nullopt;
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
  if (!text_.empty()) {
    auto error = Post(path, text_);
    if (error) error_ = error;
    if (error) return;
  }
  // The line is written whole or not at all. The owner of a full FIFO has lines to read, and looks for texts after any of them.
  if (::write(fifo.get(), line_.data(), line_.size()) < 0 && errno != EAGAIN) return;
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

std::vector<std::string> TakeRequests(const std::string& segment) {
  UniqueFd directory = OpenDirectory(DirectoryOf(segment));
  std::vector<std::string> names;
  if (!directory.valid() || !ListNames(directory.get(), names)) return {};
  std::string prefix = RequestPrefix(NameOf(segment));
  std::erase_if(names, [&](const std::string& name) { return !name.starts_with(prefix); });
  std::sort(names.begin(), names.end());
  std::vector<std::string> texts;
  for (const std::string& name : names) {
    UniqueFd fd = OpenPlainFile(directory.get(), name.c_str());
    struct stat status {};
    bool readable = fd.valid() && ::fstat(fd.get(), &status) == 0;
    ::unlinkat(directory.get(), name.c_str(), 0);
    auto length = static_cast<uint64_t>(status.st_size);
    if (!readable || length > kLongestText) continue;
    std::string text(length, 0);
    if (FileSource(fd.get()).Read(text.data(), length, 0)) texts.push_back(std::move(text));
  }
  return texts;
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
