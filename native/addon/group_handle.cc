#include "addon/group_handle.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "addon/argument.h"
#include "addon/pool_work.h"
#include "addon/segment_handle.h"
#include "addon/text_value.h"
#include "group/group.h"

namespace prom {
namespace {

bool MakeCount(napi_env env, uint32_t count, napi_value* result) {
  return napi_create_uint32(env, count, result) == napi_ok;
}

// new Group(directory | undefined). src/native.ts has the contract of each method.
class GroupHandle : public Napi::ObjectWrap<GroupHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Group",
                       {
                           InstanceMethod<&GroupHandle::Join>("join"),
                           InstanceMethod<&GroupHandle::Leave>("leave"),
                           InstanceMethod<&GroupHandle::Render>("render"),
                           InstanceMethod<&GroupHandle::HasDead>("hasDead"),
                           InstanceMethod<&GroupHandle::ScrapeError>("scrapeError"),
                           InstanceMethod<&GroupHandle::Compact>("compact"),
                           InstanceMethod<&GroupHandle::RemoveSeries>("removeSeries"),
                       });
  }

  explicit GroupHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GroupHandle>(info) {
    group_ = std::make_shared<Group>(info[0].IsString() ? Argument(info[0]).String() : std::string(),
                                     CurrentOwner(0));
  }

 private:
  // ({ scopes, chosen, defaultLabels, ownProcess, perOwner, name, format, nowMs, privateSegments, collectDeadlineMs, ownSegment,
  //    own, otherDirectories, selfMetrics, as: 'text' | 'bytes' }) -> Promise<string | Buffer>
  Napi::Value Render(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    Scrape scrape;
    scrape.view.scopes = argument.Get("scopes").Strings();
    std::string chosen = argument.Get("chosen").String();
    scrape.view.chosen = chosen == "cluster"  ? Chosen::kCluster
                         : chosen == "worker" ? Chosen::kWorker
                                              : Chosen::kNone;
    scrape.view.default_labels = argument.Get("defaultLabels").Bool();
    if (argument.Get("ownProcess").Bool()) scrape.view.process = ProcessOf(CurrentOwner(0));
    scrape.view.per_owner = argument.Get("perOwner").Bool();
    if (Argument name = argument.Get("name"); name.Type() == napi_string) scrape.name = name.String();
    std::string format = argument.Get("format").String();
    scrape.format = format == "json"          ? Format::kJson
                    : format == "openmetrics" ? Format::kOpenMetrics
                                              : Format::kText;
    std::string shown = argument.Get("selfMetrics").String();
    scrape.self_metrics = shown == "all"    ? SelfMetricsShown::kAll
                          : shown == "none" ? SelfMetricsShown::kNone
                                            : SelfMetricsShown::kTrouble;
    scrape.now_ms = argument.Get("nowMs").Double();
    Argument segments = argument.Get("privateSegments");
    for (uint32_t i = 0; i < segments.Length(); i++) {
      auto bytes = BytesOfSegment(info.Env(), segments.Get(i));
      if (bytes) scrape.private_segments.push_back(std::move(bytes));
    }
    scrape.collect_deadline_ms = argument.Get("collectDeadlineMs").Double();
    scrape.own_segment = argument.Get("ownSegment").String();
    scrape.own_bytes = BytesOfSegment(info.Env(), argument.Get("own"));
    scrape.other_directories = argument.Get("otherDirectories").Strings();
    bool as_text = argument.Get("as").String() == "text";
    return RunOnPool(
        info.Env(), [group = group_, scrape = std::move(scrape)] { return group->Render(scrape); },
        [as_text](napi_env env, TextBuffer text, napi_value* exposition) {
          return as_text ? MakeString(env, std::move(text), exposition)
                         : MakeBuffer(env, std::move(text), exposition);
        });
  }

  // (persist)
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
    auto remove = [group = group_, removal = std::move(removal)]() -> Result<uint32_t> {
      return group->RemoveSeries(removal);
    };
    return RunOnPool(info.Env(), std::move(remove), MakeCount);
  }

  std::shared_ptr<Group> group_;
};

}  // namespace

Napi::Function DefineGroup(Napi::Env env) { return GroupHandle::Define(env); }

}  // namespace prom
