#include "child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <utility>

namespace prom::test {

void Child::Line::Tell(char c) const {
  if (::write(to_parent, &c, 1) != 1) ::_exit(1);
}

char Child::Line::Hear() const {
  char c = 0;
  if (::read(from_parent, &c, 1) != 1) ::_exit(0);  // the parent is gone
  return c;
}

Child::Child(const std::function<void(const Line&)>& body) {
  int up[2];
  int down[2];
  if (::pipe2(up, O_CLOEXEC) != 0 || ::pipe2(down, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    ::close(up[0]);
    ::close(down[1]);
    Line line{up[1], down[0]};
    try {
      body(line);
    } catch (...) {
      ::_exit(2);
    }
    line.Hear();
    ::_exit(0);
  }
  ::close(up[1]);
  ::close(down[0]);
  from_ = UniqueFd(up[0]);
  to_ = UniqueFd(down[1]);
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), from_(std::move(other.from_)), to_(std::move(other.to_)) {}

Child::~Child() {
  if (pid_ <= 0) return;
  Kill();
  Reap();
}

char Child::Hear() const {
  char c = 0;
  return ::read(from_.get(), &c, 1) == 1 ? c : '\0';
}

void Child::Tell(char c) const {
  if (::write(to_.get(), &c, 1) != 1) throw std::runtime_error("the child does not listen");
}

void Child::Kill() const { ::kill(pid_, SIGKILL); }

void Child::AwaitZombie() const {
  siginfo_t info{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
}

int Child::Reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace prom::test
