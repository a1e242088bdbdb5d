// A value, or the error of a system call with the fields of a system error of Node.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace prom {

struct SystemError {
  int code = 0;              // errno
  const char* syscall = "";  // static
  std::string path;
};

template <typename T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}            // implicit: a value is a result
  Result(SystemError error) : state_(std::move(error)) {}  // and so is a failure

  bool ok() const { return std::holds_alternative<T>(state_); }
  T& value() { return std::get<T>(state_); }
  const T& value() const { return std::get<T>(state_); }
  const SystemError& error() const { return std::get<SystemError>(state_); }

 private:
  std::variant<T, SystemError> state_;
};

}  // namespace prom
