#include "platform/listing.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace prom {
namespace {

bool IsEntry(std::string_view name) { return name != "." && name != ".."; }

#ifdef __linux__

// Enough for some 1000 names; and the largest listing that is tried in one call.
constexpr size_t kFirstListing = 64 * 1024;
constexpr size_t kLongestListing = 16 * 1024 * 1024;

static_assert(offsetof(dirent, d_name) == 19, "entries are those of getdents64(2)");

void AppendNames(const char* entries, size_t length, std::vector<std::string>& names) {
  for (size_t at = 0; at < length;) {
    const auto* entry = reinterpret_cast<const dirent*>(entries + at);
    if (IsEntry(entry->d_name)) names.emplace_back(entry->d_name);
    at += entry->d_reclen;
  }
}

// In one system call if the file system allows it. Between two calls a segment that is rewritten, which renames a new file
// over its name, may go from the part of the listing that comes later to the part that was read.
bool Read(int fd, std::vector<std::string>& names) {
  std::vector<char> entries(kFirstListing);
  for (int calls = 0;; calls++) {
    long length = ::syscall(SYS_getdents64, fd, entries.data(), entries.size());
    if (length < 0) return false;
    if (length == 0) return true;
    if (calls > 0 && entries.size() < kLongestListing) {
      names.clear();
      entries.resize(entries.size() * 4);
      if (::lseek(fd, 0, SEEK_SET) != 0) return false;
      calls = -1;
      continue;
    }
    AppendNames(entries.data(), static_cast<size_t>(length), names);
  }
}

bool ReadAndClose(int fd, std::vector<std::string>& names) {
  bool complete = Read(fd, names);
  ::close(fd);
  return complete;
}

#else

bool ReadAndClose(int fd, std::vector<std::string>& names) {
  DIR* listing = ::fdopendir(fd);
  if (listing == nullptr) {
    ::close(fd);
    return false;
  }
  while (const dirent* entry = ::readdir(listing)) {
    if (IsEntry(entry->d_name)) names.emplace_back(entry->d_name);
  }
  ::closedir(listing);
  return true;
}

#endif

}  // namespace

bool ListNames(int directory, std::vector<std::string>& names) {
  // A descriptor of its own, because it has the position in the listing.
  int fd = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 && ReadAndClose(fd, names);
}

}  // namespace prom
