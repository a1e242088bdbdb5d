#include "platform/process.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>

#ifdef __linux__
#include <sys/syscall.h>
#else
#include <libproc.h>
#include <pthread.h>
#include <sys/sysctl.h>
#endif

namespace prom {
namespace {

// A UUID as text.
std::array<uint8_t, 16> BytesOf(std::string digits) {
  std::array<uint8_t, 16> id{};
  std::erase_if(digits, [](unsigned char c) { return !std::isxdigit(c); });
  if (digits.size() != 2 * id.size()) return id;
  for (size_t i = 0; i < id.size(); i++) {
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, id[i], 16);
  }
  return id;
}

#ifdef __linux__

// A file of /proc, which comes whole in one read.
std::string ReadSmallFile(const char* path) {
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char buffer[1024];
  ssize_t length = ::read(fd, buffer, sizeof buffer);
  ::close(fd);
  return {buffer, static_cast<size_t>(std::max<ssize_t>(length, 0))};
}

#endif

}  // namespace

#ifdef __linux__

// The file of the main thread has the same fields as /proc/<pid>/stat. Emulators of another processor (qemu-user) replace the
// latter by one of their own, in which each thread has another start.
ProcessStat ReadProcessStat(uint32_t pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/task/%u/stat", pid, pid);
  std::string text = ReadSmallFile(path);
  ProcessStat stat;
  // The command name is in parentheses and may contain any character, so the fields are counted from the last parenthesis.
  size_t at = text.rfind(") ") + 2;
  if (at == 1) return stat;  // npos + 2
  stat.zombie = text[at] == 'Z' || text[at] == 'X';
  for (int field = 3; field < 22 && at != 0; field++) at = text.find(' ', at) + 1;
  stat.readable = at != 0;
  if (stat.readable) stat.start_ticks = std::strtoull(text.c_str() + at, nullptr, 10);
  return stat;
}

uint32_t CurrentThreadId() { return static_cast<uint32_t>(::syscall(SYS_gettid)); }

bool ThreadMayLive(uint32_t pid, uint32_t tid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%u/task/%u", pid, tid);
  return ::access(path, F_OK) == 0 || errno != ENOENT;
}

uint64_t PidNamespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

std::array<uint8_t, 16> BootId() { return BytesOf(ReadSmallFile("/proc/sys/kernel/random/boot_id")); }

#else

ProcessStat ReadProcessStat(uint32_t pid) {
  constexpr uint64_t kFindZombies = 1;
  proc_bsdinfo info{};
  ProcessStat stat;
  if (::proc_pidinfo(static_cast<int>(pid), PROC_PIDTBSDINFO, kFindZombies, &info, sizeof info) !=
      sizeof info) {
    return stat;
  }
  stat.readable = true;
  stat.zombie = info.pbi_status == SZOMB;
  stat.start_ticks = info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec;
  return stat;
}

uint32_t CurrentThreadId() {
  uint64_t id = 0;
  if (::pthread_main_np() != 0 || ::pthread_threadid_np(nullptr, &id) != 0)
    return static_cast<uint32_t>(::getpid());
  return static_cast<uint32_t>(id);
}

bool ThreadMayLive(uint32_t pid, uint32_t tid) {
  proc_threadinfo info{};
  int size = ::proc_pidinfo(static_cast<int>(pid), PROC_PIDTHREADID64INFO, tid, &info, sizeof info);
  return size == sizeof info || errno != ESRCH;
}

uint64_t PidNamespace() { return 1; }

std::array<uint8_t, 16> BootId() {
  char text[64] = "";
  size_t length = sizeof text - 1;
  return ::sysctlbyname("kern.bootsessionuuid", text, &length, nullptr, 0) == 0 ? BytesOf(text)
                                                                                : std::array<uint8_t, 16>{};
}

#endif

}  // namespace prom
