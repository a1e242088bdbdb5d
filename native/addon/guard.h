// No C++ exception leaves a call of the addon, which would end the process: each becomes an error of JavaScript.
#pragma once

#include <napi.h>

#include <cerrno>
#include <exception>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "addon/argument.h"
#include "base/result.h"

namespace prom {

// The exception that is being handled. Nothing here needs memory.
inline SystemError CurrentError() {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {ENOMEM, "malloc", {}};
  } catch (const std::logic_error&) {
    return {EINVAL, "call", {}};  // an argument that is too long for any memory
  } catch (...) {
    return {EIO, "call", {}};
  }
}

// The result of `call`, or undefined.
template <typename Call>
Napi::Value Guarded(const Napi::CallbackInfo& info, Call call) {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Call>>) {
      call();
      return info.Env().Undefined();
    } else {
      return call();
    }
  } catch (...) {
    return ThrowSystemError(info.Env(), CurrentError());
  }
}

// For a function of the addon.
template <auto kFunction>
Napi::Value GuardedFunction(const Napi::CallbackInfo& info) {
  return Guarded(info, [&] { return kFunction(info); });
}

}  // namespace prom
