// What a test does to a process from outside of it. WALL_CLOCK names a file that holds a number of nanoseconds: its wall
// clock is off by so much, from the moment on that the file says so. RANDOM_BYTES is the value of all random bytes. With
// LYING_LOCKS every flock succeeds and excludes no other, as on some mounts. LOST_TEMPORARIES is how many of the temporary files
// that the process locks are deleted at that moment.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t* offset;

__attribute__((constructor)) static void start(void) {
  const char* path = getenv("WALL_CLOCK");
  int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* data = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, fd, 0);
  close(fd);
  if (data != MAP_FAILED) offset = data;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  long result = syscall(SYS_clock_gettime, clock, time);
  if (result != 0 || clock != CLOCK_REALTIME || offset == NULL) return (int)result;
  int64_t ns = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + *offset;
  time->tv_sec = ns / 1000000000;
  time->tv_nsec = ns % 1000000000;
  return 0;
}

int gettimeofday(struct timeval* restrict time, void* restrict zone) {
  (void)zone;
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

ssize_t getrandom(void* to, size_t length, unsigned flags) {
  const char* value = getenv("RANDOM_BYTES");
  if (value == NULL) return syscall(SYS_getrandom, to, length, flags);
  memset(to, atoi(value), length);
  return (ssize_t)length;
}

int getentropy(void* to, size_t length) {
  return getrandom(to, length, 0) == (ssize_t)length ? 0 : -1;
}

static void lose_temporary(int fd) {
  static int lost;
  const char* most = getenv("LOST_TEMPORARIES");
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = most == NULL ? -1 : readlink(link, path, sizeof path - 1);
  if (length < 0) return;
  path[length] = 0;
  if (strstr(path, "/.t.") != NULL && lost++ < atoi(most)) unlink(path);
}

int flock(int fd, int operation) {
  lose_temporary(fd);
  if (getenv("LYING_LOCKS") != NULL) return 0;
  return (int)syscall(SYS_flock, fd, operation);
}
