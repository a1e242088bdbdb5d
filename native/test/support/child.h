// A child process of a test.
#pragma once

#include <sys/types.h>

#include <functional>

#include "base/unique_fd.h"

namespace prom::test {

// Runs `body` and then waits to be killed. It has its own line to the test and back.
class Child {
 public:
  // `body` tells the parent things with Tell() and waits for it with Hear(); it must not use the test framework.
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
  // What the child told next; 0 when it died.
  char Hear() const;
  void Tell(char c) const;
  void Kill() const;
  // Waits until the child is dead and leaves it as a zombie.
  void AwaitZombie() const;
  // Waits until it is gone; the result is its wait status.
  int Reap();

 private:
  pid_t pid_ = -1;
  UniqueFd from_;
  UniqueFd to_;
};

}  // namespace prom::test
