#include <dlfcn.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "addon/argument.h"
#include "addon/guard.h"
#include "addon/handles.h"
#include "group/group.h"

namespace prom {
namespace {

// node_api_create_external_string_latin1: Node has it since 20.4, but declares it for experimental addons only.
using CreateExternalString = napi_status(NAPI_CDECL*)(napi_env, char*, size_t, napi_finalize, void*,
                                                      napi_value*, bool*);

// Below it a copy costs less than the bookkeeping of V8 for external memory.
constexpr size_t kWorthExternal = 256 * 1024;

// The memory of a value until the garbage collector frees it.
struct Held {
  TextBuffer text;
  int64_t bytes;  // reported to V8, which would see no reason to collect the value
};

void Report(napi_env env, int64_t bytes) {
  int64_t all;
  if (env != nullptr && bytes != 0) napi_adjust_external_memory(env, bytes, &all);
}

void Release(napi_env env, void*, void* hint) {
  std::unique_ptr<Held> held(static_cast<Held*>(hint));
  Report(env, -held->bytes);
}

// An exposition as a value of JavaScript, without a copy if possible. Both take the memory of `text`. False when the environment
// is ending or out of memory.
bool MakeBuffer(napi_env env, TextBuffer text, napi_value* result) {
  size_t size = text.size();
  auto* data = const_cast<char*>(text.view().data());
  if (size >= kWorthExternal) {
    auto held = std::make_unique<Held>(Held{std::move(text), 0});
    if (napi_create_external_buffer(env, size, data, Release, held.get(), result) == napi_ok) {
      held.release();
      return true;
    }
    text = std::move(held->text);  // V8's sandbox refuses external memory
  }
  return napi_create_buffer_copy(env, size, data, nullptr, result) == napi_ok;
}

bool MakeString(napi_env env, TextBuffer text, napi_value* result) {
  static auto create =
      reinterpret_cast<CreateExternalString>(::dlsym(RTLD_DEFAULT, "node_api_create_external_string_latin1"));
  size_t size = text.size();
  auto* data = const_cast<char*>(text.view().data());
  if (!text.is_ascii()) return napi_create_string_utf8(env, data, size, result) == napi_ok;
  if (size >= kWorthExternal && create != nullptr) {
    auto* held = new Held{std::move(text), static_cast<int64_t>(size)};
    Report(env, held->bytes);
    bool copied;
    // When it makes a copy it calls Release() at once.
    if (create(env, data, size, Release, held, result, &copied) == napi_ok) return true;
    text = std::move(held->text);
    Release(env, nullptr, held);
  }
  return napi_create_string_latin1(env, data, size, result) == napi_ok;
}

// Calls `run`, which returns a Result, on the pool. Then, on the event loop, `make(env, value, &result)` makes the value of
// the promise; it returns false when it cannot. The promise is rejected with the error of the Result, or with that
// of an exception.
// It uses plain Node-API: when a worker thread is terminated meanwhile, every further call fails, which is fatal in node-addon-api.
template <typename Run, typename Make>
Napi::Value RunOnPool(Napi::Env env, Run run, Make make) {
  struct Work {
    Run run;
    Make make;
    std::optional<std::invoke_result_t<Run>> outcome = std::nullopt;  // none: an exception
    SystemError failure = {ENOMEM, "malloc", {}};
    napi_deferred deferred = nullptr;
    napi_async_work work = nullptr;
  };
  auto execute = [](napi_env, void* data) {
    auto* work = static_cast<Work*>(data);
    try {
      work->outcome.emplace(work->run());
    } catch (...) {
      work->failure = CurrentError();
    }
  };
  auto complete = [](napi_env env, napi_status, void* data) {
    std::unique_ptr<Work> work(static_cast<Work*>(data));
    napi_delete_async_work(env, work->work);
    auto& outcome = work->outcome;
    napi_value result;
    bool made = false;
    if (outcome && !outcome->ok()) work->failure = outcome->error();
    try {
      made = outcome && outcome->ok() && work->make(env, std::move(outcome->value()), &result);
    } catch (...) {
      work->failure = CurrentError();
    }
    if (made) {
      napi_resolve_deferred(env, work->deferred, result);
    } else if (MakeSystemError(env, work->failure, &result)) {
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

bool MakeCount(napi_env env, uint32_t count, napi_value* result) {
  return napi_create_uint32(env, count, result) == napi_ok;
}

// new Group(directory | undefined). src/native.ts has the contract of each method.
class GroupHandle : public Napi::ObjectWrap<GroupHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Group",
                       {
                           Method<&GroupHandle::Join>("join"),
                           Method<&GroupHandle::Leave>("leave"),
                           Method<&GroupHandle::Render>("render"),
                           Method<&GroupHandle::HasDead>("hasDead"),
                           Method<&GroupHandle::ScrapeError>("scrapeError"),
                           Method<&GroupHandle::Compact>("compact"),
                           Method<&GroupHandle::RemoveSeries>("removeSeries"),
                           Method<&GroupHandle::Inspect>("inspect"),
                       });
  }

  explicit GroupHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GroupHandle>(info) {
    Guarded(info, [&] {
      group_ = std::make_shared<Group>(info[0].IsString() ? Argument(info[0]).String() : std::string(),
                                       CurrentOwner(0));
    });
  }

 private:
  template <auto kMethod>
  Napi::Value Call(const Napi::CallbackInfo& info) {
    return Guarded(info, [&] { return (this->*kMethod)(info); });
  }
  template <auto kMethod>
  static PropertyDescriptor Method(const char* name) {
    return InstanceMethod<&GroupHandle::Call<kMethod>>(name);
  }

  // ({ scopes, chosen, defaultLabels, ownProcess, perOwner, names, format, escaping, knownLayout, nowMs, privateSegments, isOneOfMany, collectDeadlineMs, ownSegment,
  //    ownIsCurrent, own, otherDirectories, selfMetrics, pid, joins, as: 'text' | 'bytes' }) -> Promise<string | Buffer>
  Napi::Value Render(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    Scrape scrape;
    scrape.view.scopes = argument.Get("scopes").Strings();
    std::string chosen = argument.Get("chosen").String();
    scrape.view.chosen = chosen == "cluster"  ? Chosen::kCluster
                         : chosen == "worker" ? Chosen::kWorker
                         : chosen == "all"    ? Chosen::kAll
                                              : Chosen::kNone;
    scrape.view.default_labels = argument.Get("defaultLabels").Bool();
    if (argument.Get("ownProcess").Bool()) scrape.view.process = ProcessOf(CurrentOwner(0));
    scrape.view.per_owner = argument.Get("perOwner").Bool();
    if (Argument names = argument.Get("names"); names.Type() == napi_object) scrape.names = names.Strings();
    std::string format = argument.Get("format").String();
    scrape.format = format == "json"                        ? Format::kJson
                    : format == "openmetrics"               ? Format::kClientOpenMetrics
                    : format == "openmetrics-1.0.0"         ? Format::kOpenMetrics
                    : format == "openmetrics-1.0.0-created" ? Format::kOpenMetricsCreated
                    : format == "openmetrics-2.0.0"         ? Format::kOpenMetrics2
                    : format == "protobuf"                  ? Format::kProtobuf
                                                            : Format::kText;
    std::string escaping = argument.Get("escaping").String();
    scrape.escaping = escaping == "allow-utf-8" ? Escaping::kUtf8
                      : escaping == "dots"      ? Escaping::kDots
                      : escaping == "values"    ? Escaping::kValues
                                                : Escaping::kUnderscores;
    std::string shown = argument.Get("selfMetrics").String();
    scrape.self_metrics = shown == "all"    ? SelfMetricsShown::kAll
                          : shown == "none" ? SelfMetricsShown::kNone
                                            : SelfMetricsShown::kTrouble;
    if (format == "numbers") scrape.known_layout = argument.Get("knownLayout").Double();
    scrape.now_ms = argument.Get("nowMs").Double();
    Argument segments = argument.Get("privateSegments");
    for (uint32_t i = 0; i < segments.Length(); i++) {
      auto bytes = BytesOfSegment(info.Env(), segments.Get(i));
      if (bytes) scrape.private_segments.push_back(std::move(bytes));
    }
    scrape.is_one_of_many = argument.Get("isOneOfMany").Bool();
    scrape.collect_deadline_ms = argument.Get("collectDeadlineMs").Double();
    scrape.own_segment = argument.Get("ownSegment").String();
    scrape.own_is_current = argument.Get("ownIsCurrent").Bool();
    scrape.own_bytes = BytesOfSegment(info.Env(), argument.Get("own"));
    scrape.other_directories = argument.Get("otherDirectories").Strings();
    scrape.pid = argument.Get("pid").Uint32();
    scrape.joins = argument.Get("joins").Bool();
    bool as_text = argument.Get("as").String() == "text";
    return RunOnPool(
        info.Env(), [group = group_, scrape = std::move(scrape)] { return group->Render(scrape); },
        [as_text](napi_env env, TextBuffer text, napi_value* exposition) {
          return as_text ? MakeString(env, std::move(text), exposition)
                         : MakeBuffer(env, std::move(text), exposition);
        });
  }

  void Join(const Napi::CallbackInfo& info) {
    group_->Join(Argument(info[0]).Bool() ? JoinMode::kResume : JoinMode::kReset);
  }

  void Leave(const Napi::CallbackInfo&) { group_->Leave(); }

  Napi::Value HasDead(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), group_->HasDead());
  }

  Napi::Value ScrapeError(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), -group_->ScrapeError());
  }

  // ({ maxSeries, maxOwnerGauges, keepThreads, nowMs }) -> Promise<number of segments>
  Napi::Value Compact(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    ArchiveLimits limits;
    limits.series = argument.Get("maxSeries").Uint32();
    limits.owner_gauges = argument.Get("maxOwnerGauges").Uint32();
    double now_ms = argument.Get("nowMs").Double();
    bool keep_threads = argument.Get("keepThreads").Bool();
    auto compact = [group = group_, limits, now_ms, keep_threads] {
      return group->Compact(limits, now_ms, keep_threads);
    };
    return RunOnPool(info.Env(), std::move(compact), MakeCount);
  }

  // ({ scope, family, labels: [name, text, ...], message, deadlineMs, ownSegment, otherDirectories, keepThreads }) -> Promise<number of late owners>
  Napi::Value RemoveSeries(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    Removal removal;
    removal.filter.scope = argument.Get("scope").String();
    if (Argument family = argument.Get("family"); family.Type() == napi_string)
      removal.filter.family = family.String();
    if (Argument labels = argument.Get("labels"); labels.Type() == napi_object) {
      std::vector<std::string> flat = labels.Strings();
      removal.filter.labels.emplace();
      for (size_t i = 0; i + 1 < flat.size(); i += 2) {
        removal.filter.labels->emplace_back(flat[i], flat[i + 1]);
      }
    }
    removal.message = argument.Get("message").String();
    removal.deadline_ms = argument.Get("deadlineMs").Double();
    removal.own_segment = argument.Get("ownSegment").String();
    removal.other_directories = argument.Get("otherDirectories").Strings();
    removal.keep_threads = argument.Get("keepThreads").Bool();
    return RunOnPool(
        info.Env(), [group = group_, removal = std::move(removal)] { return group->RemoveSeries(removal); },
        MakeCount);
  }

  // (whole) -> Promise<string of JSON>
  Napi::Value Inspect(const Napi::CallbackInfo& info) {
    bool whole = Argument(info[0]).Bool();
    return RunOnPool(
        info.Env(), [group = group_, whole] { return group->Inspect(whole); }, MakeString);
  }

  std::shared_ptr<Group> group_;
};

}  // namespace

Napi::Function DefineGroup(Napi::Env env) { return GroupHandle::Define(env); }

}  // namespace prom
