// The addon: arguments in, values and errors out. Only the files that are called addon know Node.
#include <napi.h>

#include <cstring>
#include <mutex>
#include <new>

#include "addon_pool_work.h"
#include "addon_segment.h"
#include "addon_values.h"
#include "crc32c.h"
#include "group.h"
#include "owner.h"

namespace prom {
namespace {

class RenderWork : public PoolWork {
 public:
  RenderWork(std::shared_ptr<Group> group, Scrape scrape)
      : group_(std::move(group)), scrape_(std::move(scrape)) {}

 protected:
  void Run() override { out_ = std::make_unique<TextBuffer>(group_->Render(scrape_)); }

  bool MakeResult(napi_env env, napi_value* buffer) override {
    if (!out_) return false;
    size_t size = out_->size();
    char* text = out_->Release();
    auto free_text = [](napi_env, void* text, void*) { std::free(text); };
    if (napi_create_external_buffer(env, size, text, free_text, nullptr, buffer) == napi_ok) return true;
    // Where memory from outside is not wanted (V8's sandbox).
    bool copied = napi_create_buffer_copy(env, size, text, nullptr, buffer) == napi_ok;
    std::free(text);
    return copied;
  }

 private:
  std::shared_ptr<Group> group_;
  Scrape scrape_;
  std::unique_ptr<TextBuffer> out_;
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
                           InstanceMethod<&GroupHandle::Render>("render"),
                           InstanceMethod<&GroupHandle::RemoveSeries>("removeSeries"),
                       });
  }

  explicit GroupHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<GroupHandle>(info) {
    group_ = std::make_shared<Group>(info[0].IsString() ? Given(info[0]).String() : std::string(),
                                     CurrentOwner(0));
  }

 private:
  // ({ scopes, defaultLabels, perOwner, name, format, nowMs, privateSegments, collectDeadlineMs, ownSegment })
  // -> Promise<Buffer>
  Napi::Value Render(const Napi::CallbackInfo& info) {
    Given given = info[0];
    Scrape scrape;
    scrape.view.scopes = given.Get("scopes").Strings();
    scrape.view.default_labels = given.Get("defaultLabels").Bool();
    scrape.view.per_owner = given.Get("perOwner").Bool();
    if (Given name = given.Get("name"); name.Type() == napi_string) scrape.name = name.String();
    std::string format = given.Get("format").String();
    scrape.format = format == "json"          ? Format::kJson
                    : format == "openmetrics" ? Format::kOpenMetrics
                                              : Format::kText;
    scrape.now_ms = given.Get("nowMs").Double();
    Given segments = given.Get("privateSegments");
    for (uint32_t i = 0; i < segments.Length(); i++) {
      auto* handle = segments.Get(i).Unwrap<SegmentHandle>();
      if (handle) scrape.private_segments.push_back(handle->source());
    }
    scrape.collect_deadline_ms = given.Get("collectDeadlineMs").Double();
    scrape.own_segment = given.Get("ownSegment").String();
    return PoolWork::Queue(info.Env(), std::make_unique<RenderWork>(group_, std::move(scrape)));
  }

  // ({ scope, family, labels: [name, text, ...], message, deadlineMs, ownSegment }) -> Promise<number of late owners>
  Napi::Value RemoveSeries(const Napi::CallbackInfo& info) {
    Given given = info[0];
    Removal removal;
    removal.filter.scope = given.Get("scope").String();
    if (Given family = given.Get("family"); family.Type() == napi_string)
      removal.filter.family = family.String();
    if (Given labels = given.Get("labels"); labels.Type() == napi_object) {
      std::vector<std::string> flat = labels.Strings();
      removal.filter.labels.emplace();
      for (size_t i = 0; i + 1 < flat.size(); i += 2) {
        removal.filter.labels->emplace_back(flat[i], flat[i + 1]);
      }
    }
    removal.message = given.Get("message").String();
    removal.deadline_ms = given.Get("deadlineMs").Double();
    removal.own_segment = given.Get("ownSegment").String();
    return PoolWork::Queue(info.Env(), std::make_unique<RemovalWork>(group_, std::move(removal)));
  }

  std::shared_ptr<Group> group_;
};

// When a process started, in a form that no later process of the same pid has; '' when there is none or none that we see.
Napi::Value ProcessStart(const Napi::CallbackInfo& info) {
  ProcessStat stat = ReadProcessStat(Given(info[0]).Uint32());
  bool running = stat.readable && !stat.zombie;
  return Napi::String::New(info.Env(), running ? std::to_string(stat.start_ticks) : "");
}

// Eight digits that differ between boots, machines and pid namespaces: where a pid and its start time mean something.
Napi::Value HostId(const Napi::CallbackInfo& info) {
  OwnerIdentity self = CurrentOwner(0);
  uint8_t bytes[24];
  std::memcpy(bytes, self.boot_id, 16);
  std::memcpy(bytes + 16, &self.pid_namespace, 8);
  char text[9];
  std::snprintf(text, sizeof text, "%08x", Crc32c(bytes, sizeof bytes));
  return Napi::String::New(info.Env(), text);
}

// One string that all threads of the process share: processGroup() reads it, processGroup(text) sets it if it is unset.
// Either way the answer is what it is now, '' when unset.
Napi::Value ProcessGroup(const Napi::CallbackInfo& info) {
  static std::mutex mutex;
  static std::string group;
  std::lock_guard lock(mutex);
  if (group.empty() && info[0].IsString()) group = Given(info[0]).String();
  return Napi::String::New(info.Env(), group);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Segment", SegmentHandle::Define(env));
  exports.Set("Group", GroupHandle::Define(env));
  exports.Set("processStart", Napi::Function::New<ProcessStart>(env, "processStart"));
  exports.Set("hostId", Napi::Function::New<HostId>(env, "hostId"));
  exports.Set("processGroup", Napi::Function::New<ProcessGroup>(env, "processGroup"));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace
}  // namespace prom
