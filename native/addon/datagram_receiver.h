// A Unix socket of datagrams. A thread reads it all the time, because the senders of such a socket wait while its queue is full.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "base/result.h"
#include "base/unique_fd.h"

namespace prom {

class DatagramReceiver {
 public:
  // Makes the file of the socket, with these rights, in place of one at which no process listens. `notify` is called in the thread when
  // there are texts to take, once until Take() has returned the last one. Fails with EADDRINUSE where another socket listens, and
  // with ENOTSOCK where the file is no socket.
  static Result<std::unique_ptr<DatagramReceiver>> Open(const std::string& path, mode_t mode,
                                                        std::function<void()> notify);
  // Ends the thread, and removes the file if it is still that of this socket.
  ~DatagramReceiver();

  // The next datagrams, each with a line feed after it: at most `most` bytes, or one datagram. Empty when there are none.
  std::string Take(size_t most);

  uint64_t packets() const { return packets_; }
  // Datagrams that were lost: too long, or more than the event loop could read.
  uint64_t drops() const { return drops_; }

 private:
  DatagramReceiver(UniqueFd socket, std::string path, std::function<void()> notify)
      : socket_(std::move(socket)), path_(std::move(path)), notify_(std::move(notify)) {}

  void Run();
  bool ReadAll(char* buffer);
  // Returns whether `notify` is due.
  bool Keep(const char* datagram, size_t length);

  UniqueFd socket_;
  UniqueFd stop_reader_;
  UniqueFd stop_writer_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  std::function<void()> notify_;
  std::atomic<bool> stopped_{false};
  std::atomic<uint64_t> packets_{0};
  std::atomic<uint64_t> drops_{0};
  std::mutex mutex_;  // of the next three
  std::string texts_;
  size_t taken_ = 0;  // bytes of them
  bool notified_ = false;
  std::thread thread_;
};

}  // namespace prom
