// Work of the addon that must not wait on the event loop.
#pragma once

#include <napi.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "base/result.h"

namespace prom {

// Work on the pool that ends in a promise. Plain Node-API: when a worker thread is terminated meanwhile, no call succeeds
// any more, which node-addon-api takes for a fatal error.
class PoolWork {
 public:
  virtual ~PoolWork() = default;

  static Napi::Value Queue(Napi::Env env, std::unique_ptr<PoolWork> work) {
    napi_value promise;
    napi_value name;
    bool queued =
        napi_create_promise(env, &work->deferred_, &promise) == napi_ok &&
        napi_create_string_utf8(env, "prom-client-mmap", NAPI_AUTO_LENGTH, &name) == napi_ok &&
        napi_create_async_work(env, nullptr, name, Execute, Complete, work.get(), &work->work_) == napi_ok &&
        napi_queue_async_work(env, work->work_) == napi_ok;
    if (!queued) return env.Undefined();
    work.release();  // Complete() takes it back
    return Napi::Value(env, promise);
  }

 protected:
  // On the pool.
  virtual void Run() = 0;
  // On the event loop; false when there is no result.
  virtual bool MakeResult(napi_env env, napi_value* result) = 0;
  // The failed call for which there is none; nothing else than want of memory otherwise.
  virtual std::optional<SystemError> Failure() const { return std::nullopt; }

 private:
  static void Execute(napi_env, void* data) {
    try {
      static_cast<PoolWork*>(data)->Run();
    } catch (const std::bad_alloc&) {
      static_cast<PoolWork*>(data)->out_of_memory_ = true;
    }
  }

  static void Complete(napi_env env, napi_status, void* data) {
    std::unique_ptr<PoolWork> work(static_cast<PoolWork*>(data));
    napi_delete_async_work(env, work->work_);
    napi_value result;
    if (work->MakeResult(env, &result)) {
      napi_resolve_deferred(env, work->deferred_, result);
    } else if (work->MakeError(env, &result)) {
      napi_reject_deferred(env, work->deferred_, result);
    }
  }

  // What node:fs would give: an Error with errno, syscall and path.
  bool MakeError(napi_env env, napi_value* error) const {
    std::optional<SystemError> failure = Failure();
    if (out_of_memory_ || !failure) failure = SystemError{ENOMEM, "malloc", ""};
    napi_value message;
    return napi_create_string_utf8(env, std::strerror(failure->code), NAPI_AUTO_LENGTH, &message) ==
               napi_ok &&
           napi_create_error(env, nullptr, message, error) == napi_ok &&
           SetNumber(env, *error, "errno", -failure->code) &&
           SetText(env, *error, "syscall", failure->syscall) &&
           SetText(env, *error, "path", failure->path.c_str());
  }

  static bool SetNumber(napi_env env, napi_value object, const char* name, int32_t number) {
    napi_value value;
    return napi_create_int32(env, number, &value) == napi_ok &&
           napi_set_named_property(env, object, name, value) == napi_ok;
  }

  static bool SetText(napi_env env, napi_value object, const char* name, const char* text) {
    napi_value value;
    return napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &value) == napi_ok &&
           napi_set_named_property(env, object, name, value) == napi_ok;
  }

  bool out_of_memory_ = false;
  napi_deferred deferred_ = nullptr;
  napi_async_work work_ = nullptr;
};

// Has something done on the pool for which nobody waits, if there is memory for it.
template <typename Task>
void RunAside(napi_env env, Task task) {
  struct Aside {
    Task task;
    napi_async_work work = nullptr;
  };
  auto aside = std::make_unique<Aside>(Aside{std::move(task)});
  auto execute = [](napi_env, void* data) {
    try {
      static_cast<Aside*>(data)->task();
    } catch (const std::bad_alloc&) {  // then it is not done
    }
  };
  auto complete = [](napi_env env, napi_status, void* data) {
    std::unique_ptr<Aside> aside(static_cast<Aside*>(data));
    napi_delete_async_work(env, aside->work);
  };
  napi_value name;
  if (napi_create_string_utf8(env, "prom-client-mmap", NAPI_AUTO_LENGTH, &name) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, aside.get(), &aside->work) != napi_ok) {
    return;
  }
  if (napi_queue_async_work(env, aside->work) != napi_ok) {
    napi_delete_async_work(env, aside->work);
    return;
  }
  aside.release();  // complete() takes it back
}

}  // namespace prom
