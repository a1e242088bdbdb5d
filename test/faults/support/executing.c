// process.umask(0767) replaces the program of the process by Node with the script EXECUTED, as process.execve() of later versions
// of Node does.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

mode_t umask(mode_t mask) {
  if (mask == 0767) {
    for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
    execl("/proc/self/exe", "node", getenv("EXECUTED"), NULL);
  }
  return (mode_t)syscall(SYS_umask, mask);
}
