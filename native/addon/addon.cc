// The addon: arguments in, values and errors out. It and what its name begins with are all that knows Node.
#include <napi.h>

#include <cstring>
#include <mutex>
#include <new>

#include "addon/argument.h"
#include "addon/group_handle.h"
#include "addon/segment_handle.h"
#include "base/crc32c.h"
#include "files/owner.h"

namespace prom {
namespace {

// When a process started, in a form that no later process of the same pid has; '' when there is none or none that we see.
Napi::Value ProcessStart(const Napi::CallbackInfo& info) {
  ProcessStat stat = ReadProcessStat(Argument(info[0]).Uint32());
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
  if (group.empty() && info[0].IsString()) group = Argument(info[0]).String();
  return Napi::String::New(info.Env(), group);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Segment", SegmentHandle::Define(env));
  exports.Set("Group", DefineGroup(env));
  exports.Set("processStart", Napi::Function::New<ProcessStart>(env, "processStart"));
  exports.Set("hostId", Napi::Function::New<HostId>(env, "hostId"));
  exports.Set("processGroup", Napi::Function::New<ProcessGroup>(env, "processGroup"));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace
}  // namespace prom
