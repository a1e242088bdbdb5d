// Work on the worker pool that ends in a promise.
//
// It uses plain Node-API. When a worker thread is terminated meanwhile, every further call fails, and node-addon-api takes
// a failed call for a fatal error.
#pragma once

#include <napi.h>

#include <cerrno>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "addon/argument.h"
#include "base/result.h"

namespace prom {

// Calls `run`, which returns a Result, on the pool. Then, on the event loop, `make(env, value, &result)` makes the value of
// the promise; it returns false when it cannot. The promise is rejected with the error of the Result, or with ENOMEM.
template <typename Run, typename Make>
Napi::Value RunOnPool(Napi::Env env, Run run, Make make) {
  struct Work {
    Run run;
    Make make;
    std::optional<std::invoke_result_t<Run>> outcome = std::nullopt;  // none: out of memory
    napi_deferred deferred = nullptr;
    napi_async_work work = nullptr;
  };
  auto execute = [](napi_env, void* data) {
    auto* work = static_cast<Work*>(data);
    try {
      work->outcome.emplace(work->run());
    } catch (const std::bad_alloc&) {
    }
  };
  auto complete = [](napi_env env, napi_status, void* data) {
    std::unique_ptr<Work> work(static_cast<Work*>(data));
    napi_delete_async_work(env, work->work);
    auto& outcome = work->outcome;
    napi_value result;
    if (outcome && outcome->ok() && work->make(env, std::move(outcome->value()), &result)) {
      napi_resolve_deferred(env, work->deferred, result);
      return;
    }
    bool failed = outcome && !outcome->ok();
    if (MakeSystemError(env, failed ? outcome->error() : SystemError{ENOMEM, "malloc", ""}, &result)) {
      napi_reject_deferred(env, work->deferred, result);
    }
  };
  auto work = std::make_unique<Work>(Work{std::move(run), std::move(make)});
  napi_value promise;
  napi_value name;
  bool queued =
      napi_create_promise(env, &work->deferred, &promise) == napi_ok &&
      napi_create_string_utf8(env, "prom-client-mmap", NAPI_AUTO_LENGTH, &name) == napi_ok &&
      napi_create_async_work(env, nullptr, name, execute, complete, work.get(), &work->work) == napi_ok &&
      napi_queue_async_work(env, work->work) == napi_ok;
  if (!queued) return env.Undefined();
  work.release();  // `complete` deletes it
  return Napi::Value(env, promise);
}

}  // namespace prom
