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

// A year: far more than any scrape takes, and no overflow in nanoseconds.
constexpr double kLongestWaitMs = 365.0 * 24 * 60 * 60 * 1000;

// Far more than any labels need.
constexpr uint64_t kLongestText = 64 * 1024 * 1024;

std::string DirectoryOf(const std::string& segment) { return segment.substr(0, segment.rfind('/')); }
std::string NameOf(const std::string& segment) { return segment.substr(segment.rfind('/') + 1); }

// The file gets its name when it is complete.
std::optional<SystemError> Post(int directory, const std::string& segment, const std::string& text) {
  std::string temporary = ".t." + RandomHex();
  auto fail = [&](const char* call) {
    SystemError error{errno, call, temporary};
    ::unlinkat(directory, temporary.c_str(), 0);
    return error;
  };
  UniqueFd fd(::openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | kFlags, 0600));
  if (!fd.valid()) return fail("open");
  GiveToOwner(directory, fd.get());
  if (!WriteWhole(fd.get(), text.data(), text.size())) return fail("write");
  char time[20];
  std::snprintf(time, sizeof time, "%016llx", static_cast<unsigned long long>(BoottimeNs()));
  std::string name = RequestPrefix(segment) + time + '.' + RandomHex();
  if (::renameat(directory, temporary.c_str(), directory, name.c_str()) != 0) return fail("rename");
  return std::nullopt;
}

}  // namespace

void CollectRequest::NoteUnreached(const std::string& path) {
  unreached_++;
  if (!text_.empty()) error_ = SystemError{errno, "open", path};
}

void CollectRequest::Notify(const std::shared_ptr<const UniqueFd>& directory, const std::string& segment) {
  layout::Header header;
  {
    SkipReason reason;
    UniqueFd fd = OpenPlainFile(directory->get(), segment.c_str(), &reason);
    if (reason == SkipReason::kUnreadable && IsStarved()) NoteUnreached(segment);
    if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) return;
  }
  if (header.wakeup < static_cast<uint32_t>(least_)) return;
  if (process_ && ProcessOf(header) != *process_) return;
  // Fails when the FIFO has no reader, as when its owner has exited.
  UniqueFd fifo(::openat(directory->get(), WakeupPath(segment).c_str(), O_WRONLY | kFlags));
  if (!fifo.valid() && IsStarved()) NoteUnreached(segment);
  struct stat status {};
  if (!fifo.valid() || ::fstat(fifo.get(), &status) != 0 || !S_ISFIFO(status.st_mode)) return;
  if (!text_.empty()) {
    auto error = Post(directory->get(), segment, text_);
    if (error) error_ = error;
    if (error) return;
  }
  // The line is written whole or not at all. The owner of a full FIFO has lines to read, and looks for texts after any of them.
  if (::write(fifo.get(), line_.data(), line_.size()) < 0 && errno != EAGAIN) return;
  pending_.push_back({directory, segment, header.collects_started});
}

void CollectRequest::NotifyAll(const std::string& path, const std::string& except) {
  auto directory = std::make_shared<const UniqueFd>(OpenDirectory(path));
  std::vector<std::string> names;
  bool listed = directory->valid() && ListNames(directory->get(), names);
  if (!listed && IsStarved()) NoteUnreached(path);
  for (const std::string& name : names) {
    if (IsSegmentName(name) && name != except) Notify(directory, name);
  }
}

// By the name: the segment may have been rewritten meanwhile.
bool CollectRequest::PendingOwner::IsDone() const {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory->get(), segment.c_str(), &reason);
  if (reason == SkipReason::kUnreadable && IsStarved()) return false;
  uint64_t finished = 0;
  bool readable = fd.valid() && FileSource(fd.get()).Read(&finished, sizeof finished,
                                                          offsetof(layout::Header, collects_finished));
  if (!readable || finished > sequence) return true;
  // Without a reader its owner has exited. A FIFO that another program has deleted says nothing.
  UniqueFd fifo(::openat(directory->get(), WakeupPath(segment).c_str(), O_WRONLY | kFlags));
  return !fifo.valid() && errno == ENXIO;
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
  uint64_t end = BoottimeNs() + static_cast<uint64_t>(std::clamp(deadline_ms, 0.0, kLongestWaitMs) * 1e6);
  for (int pause_ms = 0;; pause_ms = std::min(pause_ms + 1, 4)) {
    std::erase_if(pending_, [](const PendingOwner& owner) { return owner.IsDone(); });
    AcquireFence();
    if (pending_.empty() || BoottimeNs() >= end) return unreached_ + static_cast<uint32_t>(pending_.size());
    ::poll(nullptr, 0, pause_ms);
  }
}

}  // namespace prom
