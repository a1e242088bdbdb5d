// The value of a Result that must not be an error.
#pragma once

#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/result.h"

namespace prom::test {

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    throw std::runtime_error(std::string(result.error().syscall) + ": " + std::strerror(result.error().code));
  }
  return std::move(result.value());
}

}  // namespace prom::test
