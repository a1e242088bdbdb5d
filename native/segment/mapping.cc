#include "segment/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "platform/storage.h"

namespace prom {
namespace {

// Takes about a tenth of a millisecond.
constexpr uint64_t kPopulatedAtOnce = 256 * 1024;

}  // namespace

Result<std::shared_ptr<Mapping>> Mapping::OfFile(int fd, uint64_t offset, uint64_t length,
                                                 const std::string& path) {
  if (int error = ReserveBlocks(fd, offset, length)) return SystemError{error, "fallocate", path};
  void* data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return SystemError{errno, "mmap", path};
#ifdef MADV_DONTFORK
  // A forked child must not count into the segment of its parent.
  ::madvise(data, length, MADV_DONTFORK);
#endif
  return std::shared_ptr<Mapping>(new Mapping(static_cast<uint8_t*>(data), length));
}

Result<std::shared_ptr<Mapping>> Mapping::Anonymous(uint64_t length) {
  void* data = ::mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return SystemError{errno, "mmap", "anonymous memory"};
  return std::shared_ptr<Mapping>(new Mapping(static_cast<uint8_t*>(data), length));
}

int Mapping::Show(int fd, uint64_t offset) {
  void* data =
      ::mmap(data_, length_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, static_cast<off_t>(offset));
  if (data == MAP_FAILED) return errno;
#ifdef MADV_DONTFORK
  ::madvise(data_, length_, MADV_DONTFORK);
#endif
  return 0;
}

int Mapping::Exchange(const Shown& a, const Shown& b) {
  if (int error = a.mapping.Show(b.fd, b.offset)) return error;
  int error = b.mapping.Show(a.fd, a.offset);
  if (error != 0) a.mapping.Show(a.fd, a.offset);
  return error;
}

void Mapping::Vacate() {
  // In two steps: the first needs no memory, so it cannot fail half way and leave a hole in the addresses.
  void* data =
      ::mmap(data_, length_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (data != MAP_FAILED) ::mprotect(data_, length_, PROT_READ | PROT_WRITE);
}

Mapping::~Mapping() { ::munmap(data_, length_); }

void Pages::Populate(uint64_t end) {
  if (end <= present_ || all_are_present()) return;
  uint64_t next = std::min((end / kPopulatedAtOnce + 1) * kPopulatedAtOnce, length_);
  PopulatePages(data_ + present_, next - present_);
  present_ = next;
}

}  // namespace prom
