#include "fail_points.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <utility>

#include "format/publication.h"

namespace prom {
namespace {

uint64_t steps_left = 0;

}  // namespace

void FailPoint() {
  if (steps_left != 0 && --steps_left == 0) ::kill(::getpid(), SIGKILL);
}

namespace test {

void DieBefore(uint64_t step) { steps_left = step; }

std::function<void()> before_next_lock;

}  // namespace test
}  // namespace prom

// The linker directs the calls of the tested code here (Makefile, FAIL_POINTS).
extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  prom::FailPoint();
  return __real_open(path, flags, mode);
}

int __real_openat(int directory, const char* path, int flags, ...);
int __wrap_openat(int directory, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  prom::FailPoint();
  return __real_openat(directory, path, flags, mode);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation) {
  prom::FailPoint();
  if (auto happens = std::exchange(prom::test::before_next_lock, nullptr)) happens();
  return __real_flock(fd, operation);
}

#define PROM_WRAP(result, call, parameters, arguments) \
  result __real_##call parameters;                     \
  result __wrap_##call parameters {                    \
    prom::FailPoint();                                 \
    return __real_##call arguments;                    \
  }

PROM_WRAP(int, rename, (const char* from, const char* to), (from, to))
PROM_WRAP(int, renameat, (int a, const char* from, int b, const char* to), (a, from, b, to))
PROM_WRAP(int, unlink, (const char* path), (path))
PROM_WRAP(int, unlinkat, (int directory, const char* path, int flags), (directory, path, flags))
PROM_WRAP(ssize_t, write, (int fd, const void* data, size_t length), (fd, data, length))
PROM_WRAP(ssize_t, pwrite, (int fd, const void* data, size_t length, off_t at), (fd, data, length, at))
PROM_WRAP(int, fdatasync, (int fd), (fd))
PROM_WRAP(int, posix_fallocate, (int fd, off_t at, off_t length), (fd, at, length))
PROM_WRAP(void*, mmap, (void* at, size_t length, int protection, int flags, int fd, off_t offset),
          (at, length, protection, flags, fd, offset))
PROM_WRAP(int, mkfifo, (const char* path, mode_t mode), (path, mode))

}  // extern "C"
