// A child process of a test.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/unique_fd.h"

namespace prom::test {

// Runs `body` and then waits to be killed. A pair of pipes connects it with the test.
class Child {
 public:
  // `body` sends to the parent with Tell() and receives with Hear(); it must not use the test framework.
  struct Line {
    int to_parent;
    int from_parent;
    void Tell(char c) const;
    char Hear() const;
  };

  explicit Child(const std::function<void(const Line&)>& body);
  Child(Child&& other) noexcept;
  ~Child();

  pid_t pid() const { return pid_; }
  int line() const { return from_.get(); }
  // The next character from the child; 0 when it has died.
  char Hear() const;
  void Tell(char c) const;
  void Kill() const;
  // Waits until the child is dead and leaves it as a zombie.
  void AwaitZombie() const;
  // Waits until it is gone. Returns its wait status.
  int Reap();

 private:
  pid_t pid_ = -1;
  UniqueFd from_;
  UniqueFd to_;
};

}  // namespace prom::test
