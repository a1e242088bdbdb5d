#include "platform/storage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>

#ifdef __linux__
#include <sys/syscall.h>
#endif

namespace prom {
namespace {

// 0, or the errno.
int WriteZeros(int fd, uint64_t offset, uint64_t length) {
  static constexpr std::array<char, 64 * 1024> kZeros{};
  while (length > 0) {
    ssize_t n =
        ::pwrite(fd, kZeros.data(), std::min<uint64_t>(kZeros.size(), length), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    offset += static_cast<uint64_t>(n);
    length -= static_cast<uint64_t>(n);
  }
  return 0;
}

bool IsUnsupported(int error) { return error == EOPNOTSUPP || error == ENOTSUP || error == ENOSYS; }

}  // namespace

std::optional<Storage> StorageOf(int directory) {
  struct statvfs facts {};
  int result;
  do {
    result = ::fstatvfs(directory, &facts);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return std::nullopt;
  const uint64_t block = facts.f_frsize;
  return Storage{facts.f_blocks * block, facts.f_bavail * block};
}

#ifdef __linux__

int ReserveBlocks(int fd, uint64_t offset, uint64_t length) {
  int result;
  do {
    result = ::fallocate(fd, 0, static_cast<off_t>(offset), static_cast<off_t>(length));
  } while (result != 0 && errno == EINTR);
  if (result == 0) return 0;
  return IsUnsupported(errno) ? WriteZeros(fd, offset, length) : errno;
}

void PopulatePages(void* address, uint64_t length) {
  constexpr int kPopulateWrite = 23;  // MADV_POPULATE_WRITE, of Linux 5.14; not all C libraries have the name
  ::madvise(address, length, kPopulateWrite);
}

int FlushToDisk(int fd) { return ::fdatasync(fd); }

// As a system call: musl before 1.2.6 has no function for it.
int RenameToNew(const char* from, const char* to) {
  constexpr unsigned kNoReplace = 1;
  if (::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, kNoReplace) == 0) return 0;
  return errno == EINVAL || errno == ENOSYS ? ::rename(from, to) : -1;
}

#else

// F_PREALLOCATE finds a full disk at once, but leaves the length of the file as it is.
int ReserveBlocks(int fd, uint64_t offset, uint64_t length) {
  fstore_t store{};
  store.fst_flags = F_ALLOCATEALL;
  store.fst_posmode = F_PEOFPOSMODE;
  store.fst_length = static_cast<off_t>(length);
  if (::fcntl(fd, F_PREALLOCATE, &store) != 0 && !IsUnsupported(errno)) return errno;
  return WriteZeros(fd, offset, length);
}

void PopulatePages(void*, uint64_t) {}

// fsync(2) ends at the cache of the drive.
int FlushToDisk(int fd) { return ::fcntl(fd, F_FULLFSYNC) == 0 ? 0 : ::fsync(fd); }

int RenameToNew(const char* from, const char* to) {
  if (::renamex_np(from, to, RENAME_EXCL) == 0) return 0;
  return IsUnsupported(errno) ? ::rename(from, to) : -1;
}

#endif

}  // namespace prom
