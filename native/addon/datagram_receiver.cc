#include "addon/datagram_receiver.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "platform/thread.h"

namespace prom {
namespace {

constexpr size_t kLongestDatagram = 64 * 1024;
// Of the texts that wait for the event loop.
constexpr size_t kMostBytes = 8 * 1024 * 1024;

UniqueFd NewSocket() {
  UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (fd.valid()) ::fcntl(fd.get(), F_SETFD, FD_CLOEXEC);
  return fd;
}

const sockaddr* Generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

// A killed process leaves the file of its socket. Returns why the path cannot be had.
std::optional<SystemError> RemoveDead(const std::string& path, const sockaddr_un& address) {
  struct stat file;
  if (::lstat(path.c_str(), &file) != 0) return std::nullopt;
  if (!S_ISSOCK(file.st_mode)) return SystemError{ENOTSOCK, "bind", path};
  UniqueFd probe = NewSocket();
  if (::connect(probe.get(), Generic(address), sizeof address) == 0 || errno == EPROTOTYPE)
    return SystemError{EADDRINUSE, "bind", path};
  if (errno != ECONNREFUSED) return SystemError{errno, "connect", path};
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError{errno, "unlink", path};
  return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<DatagramReceiver>> DatagramReceiver::Open(const std::string& path, mode_t mode,
                                                                 std::function<void()> notify) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return SystemError{ENAMETOOLONG, "bind", path};
  std::memcpy(address.sun_path, path.data(), path.size());
  if (auto error = RemoveDead(path, address)) return *error;
  UniqueFd socket = NewSocket();
  if (!socket.valid()) return SystemError{errno, "socket", path};
  // Where the system knows it the file never has more rights, not even before chmod().
  if (::fchmod(socket.get(), mode) != 0) errno = 0;
  if (::bind(socket.get(), Generic(address), sizeof address) != 0) return SystemError{errno, "bind", path};
  std::unique_ptr<DatagramReceiver> receiver(
      new DatagramReceiver(std::move(socket), path, std::move(notify)));
  struct stat file;
  if (::lstat(path.c_str(), &file) != 0) return SystemError{errno, "lstat", path};
  receiver->device_ = file.st_dev;
  receiver->inode_ = file.st_ino;
  if (::chmod(path.c_str(), mode) != 0) return SystemError{errno, "chmod", path};
  int ends[2];
  if (::pipe(ends) != 0) return SystemError{errno, "pipe", path};
  for (int end : ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
  receiver->stop_reader_ = UniqueFd(ends[0]);
  receiver->stop_writer_ = UniqueFd(ends[1]);
  try {
    receiver->thread_ = StartThread([receiver = receiver.get()] { receiver->Run(); });
  } catch (const std::system_error& error) {
    return SystemError{error.code().value(), "pthread_create", path};
  }
  return receiver;
}

DatagramReceiver::~DatagramReceiver() {
  stopped_ = true;
  stop_writer_.reset();
  if (thread_.joinable()) thread_.join();
  struct stat file;
  bool is_own = ::lstat(path_.c_str(), &file) == 0 && file.st_dev == device_ && file.st_ino == inode_;
  if (is_own) ::unlink(path_.c_str());
}

std::string DatagramReceiver::Take(size_t most) {
  std::lock_guard lock(mutex_);
  if (taken_ == texts_.size()) {
    texts_.clear();
    taken_ = 0;
    notified_ = false;
    return {};
  }
  size_t end = texts_.size();
  if (end - taken_ > most) {
    end = texts_.rfind('\n', taken_ + most - 1);
    if (end == std::string::npos || end < taken_) end = texts_.find('\n', taken_);
    end++;
  }
  std::string text = texts_.substr(taken_, end - taken_);
  taken_ = end;
  if (taken_ > kMostBytes / 4) {
    texts_.erase(0, taken_);
    taken_ = 0;
  }
  return text;
}

void DatagramReceiver::Run() {
  std::vector<char> buffer(kLongestDatagram + 1);
  pollfd events[] = {{socket_.get(), POLLIN, 0}, {stop_reader_.get(), POLLIN, 0}};
  while (!stopped_) {
    if (::poll(events, 2, -1) < 0 && errno != EINTR) return;
    if (events[1].revents != 0 || !ReadAll(buffer.data())) return;
  }
}

// False when the socket can be read no more.
bool DatagramReceiver::ReadAll(char* buffer) {
  while (!stopped_) {
    ssize_t length = ::recv(socket_.get(), buffer, kLongestDatagram + 1, MSG_DONTWAIT);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    packets_++;
    if (length > 0 && Keep(buffer, static_cast<size_t>(length))) notify_();
  }
  return true;
}

bool DatagramReceiver::Keep(const char* datagram, size_t length) {
  std::lock_guard lock(mutex_);
  if (length > kLongestDatagram || texts_.size() + length > kMostBytes) {
    drops_++;
    return false;
  }
  try {
    texts_.append(datagram, length).append(1, '\n');
  } catch (const std::bad_alloc&) {
    drops_++;
    return false;
  }
  return !std::exchange(notified_, true);
}

}  // namespace prom
