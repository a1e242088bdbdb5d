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

class RenderWork : public PoolWork {
 public:
  RenderWork(std::shared_ptr<Group> group, Scrape scrape, bool as_text)
      : group_(std::move(group)), scrape_(std::move(scrape)), as_text_(as_text) {}

 protected:
  void Run() override { out_.emplace(group_->Render(scrape_)); }
  std::optional<SystemError> Failure() const override {
    return out_ && !out_->ok() ? std::optional(out_->error()) : std::nullopt;
  }
  bool MakeResult(napi_env env, napi_value* exposition) override {
    if (!out_ || !out_->ok()) return false;
    TextBuffer text = std::move(out_->value());
    bool is_made = as_text_ ? MakeString(env, std::move(text), exposition)
                            : MakeBuffer(env, std::move(text), exposition);
    // JavaScript keeps this memory for nobody knows how long, and the next exposition is not to wait for its own.
    if (is_made && group_->LacksRoom()) RunAside(env, [group = group_] { group->MakeRoom(); });
    return is_made;
  }

 private:
  std::shared_ptr<Group> group_;
  Scrape scrape_;
  const bool as_text_;
  std::optional<Result<TextBuffer>> out_;
};

class CompactWork : public PoolWork {
 public:
  CompactWork(std::shared_ptr<Group> group, ArchiveLimits limits, double now_ms)
      : group_(std::move(group)), limits_(limits), now_ms_(now_ms) {}

 protected:
  void Run() override { report_ = group_->Fold(limits_, now_ms_); }
  bool MakeResult(napi_env env, napi_value* folded) override {
    return !report_.error && napi_create_uint32(env, report_.folded, folded) == napi_ok;
  }
  std::optional<SystemError> Failure() const override { return report_.error; }

 private:
  std::shared_ptr<Group> group_;
  const ArchiveLimits limits_;
  const double now_ms_;
  FoldReport report_;
};

class RemovalWork : public PoolWork {
 public:
  RemovalWork(std::shared_ptr<Group> group, Removal removal)
      : group_(std::move(group)), removal_(std::move(removal)) {}

 protected:
  void Run() override { late_ = group_->RemoveSeries(removal_); }
  bool MakeResult(napi_env env, napi_value* late) override {
    return late_ && napi_create_uint32(env, *late_, late) == napi_ok;
  }

 private:
  std::shared_ptr<Group> group_;
  Removal removal_;
  std::optional<uint32_t> late_;
};

// What a scrape reads: new GroupHandle(directory).
class GroupHandle : public Napi::ObjectWrap<GroupHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Group",
                       {
                           InstanceMethod<&GroupHandle::Join>("join"),
                           InstanceMethod<&GroupHandle::Render>("render"),
                           InstanceMethod<&GroupHandle::HasDead>("hasDead"),
                           InstanceMethod<&GroupHandle::Compact>("compact"),
                           InstanceMethod<&GroupHandle::RemoveSeries>("removeSeries"),
                       });
  }

  explicit GroupHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GroupHandle>(info) {
    group_ = std::make_shared<Group>(info[0].IsString() ? Argument(info[0]).String() : std::string(),
                                     CurrentOwner(0));
  }

 private:
  // ({ scopes, chosen, defaultLabels, perOwner, name, format, nowMs, privateSegments, collectDeadlineMs, ownSegment, selfMetrics,
  //    as: 'text' | 'bytes' }) -> Promise<string | Buffer>
  Napi::Value Render(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    Scrape scrape;
    scrape.view.scopes = argument.Get("scopes").Strings();
    std::string chosen = argument.Get("chosen").String();
    scrape.view.chosen = chosen == "cluster"  ? Chosen::kCluster
                         : chosen == "worker" ? Chosen::kWorker
                                              : Chosen::kNone;
    scrape.view.default_labels = argument.Get("defaultLabels").Bool();
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
      auto* handle = segments.Get(i).Unwrap<SegmentHandle>();
      if (handle) scrape.private_segments.push_back(handle->source());
    }
    scrape.collect_deadline_ms = argument.Get("collectDeadlineMs").Double();
    scrape.own_segment = argument.Get("ownSegment").String();
    bool as_text = argument.Get("as").String() == "text";
    return PoolWork::Queue(info.Env(), std::make_unique<RenderWork>(group_, std::move(scrape), as_text));
  }

  // (persist)
  void Join(const Napi::CallbackInfo& info) {
    group_->Join(Argument(info[0]).Bool() ? Part::kHeir : Part::kStarter);
  }

  Napi::Value HasDead(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), group_->HasDead());
  }

  // ({ maxSeries, maxOwnerGauges, nowMs }) -> Promise<number of segments>
  Napi::Value Compact(const Napi::CallbackInfo& info) {
    Argument argument = info[0];
    ArchiveLimits limits;
    limits.series = argument.Get("maxSeries").Uint32();
    limits.owner_gauges = argument.Get("maxOwnerGauges").Uint32();
    double now_ms = argument.Get("nowMs").Double();
    return PoolWork::Queue(info.Env(), std::make_unique<CompactWork>(group_, limits, now_ms));
  }

  // ({ scope, family, labels: [name, text, ...], message, deadlineMs, ownSegment }) -> Promise<number of late owners>
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
    return PoolWork::Queue(info.Env(), std::make_unique<RemovalWork>(group_, std::move(removal)));
  }

  std::shared_ptr<Group> group_;
};

}  // namespace

Napi::Function DefineGroup(Napi::Env env) { return GroupHandle::Define(env); }

}  // namespace prom
