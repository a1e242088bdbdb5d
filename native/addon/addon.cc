// The addon: its classes and functions. Only this directory uses Node-API.
#include <napi.h>

#include <cstdio>
#include <mutex>

#include "addon/argument.h"
#include "addon/guard.h"
#include "addon/handles.h"
#include "base/crc32c.h"
#include "files/directory.h"
#include "files/owner.h"
#include "group/session.h"
#include "platform/process.h"

namespace prom {
namespace {

// (pid): the start of a process, as a text that no later process with this pid has; '' when no such process is visible.
Napi::Value ProcessStart(const Napi::CallbackInfo& info) {
  ProcessStat stat = ReadProcessStat(Argument(info[0]).Uint32());
  bool running = stat.readable && !stat.zombie;
  return Napi::String::New(info.Env(), running ? std::to_string(stat.start_ticks) : "");
}

// Eight hex digits for this boot and pid namespace, in which a pid and its start identify a process.
Napi::Value HostId(const Napi::CallbackInfo& info) {
  OwnerIdentity self = CurrentOwner(0);
  uint32_t boot = Crc32c(self.boot_id.data(), self.boot_id.size());
  char text[9];
  std::snprintf(text, sizeof text, "%08x", Crc32c(&self.pid_namespace, sizeof self.pid_namespace, boot));
  return Napi::String::New(info.Env(), text);
}

// One text for all threads of the process, '' at first. processGroup(text) sets it once; both forms return it.
Napi::Value ProcessGroup(const Napi::CallbackInfo& info) {
  static std::mutex mutex;
  static std::string group;
  std::lock_guard lock(mutex);
  if (group.empty() && info[0].IsString()) group = Argument(info[0]).String();
  return Napi::String::New(info.Env(), group);
}

// (directory): whether the group has neither members nor living owners.
Napi::Value GroupHasEnded(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), SessionHasEnded(Argument(info[0]).String(), CurrentOwner(0)));
}

// (directory): other users may write there, and the user trusts them.
Napi::Value AllowOthers(const Napi::CallbackInfo& info) {
  AllowOthersIn(Argument(info[0]).String());
  return info.Env().Undefined();
}

// How far the stack of this thread has grown, as an address: those of deeper calls are lower.
Napi::Value StackPosition(const Napi::CallbackInfo& info) {
  auto address = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  return Napi::Number::New(info.Env(), static_cast<double>(address));
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("version", PROM_CLIENT_MMAP_VERSION);
  exports.Set("Segment", DefineSegment(env));
  exports.Set("Group", DefineGroup(env));
  exports.Set("DatagramSocket", DefineDatagramSocket(env));
  exports.Set("processStart", Napi::Function::New<GuardedFunction<ProcessStart>>(env, "processStart"));
  exports.Set("hostId", Napi::Function::New<GuardedFunction<HostId>>(env, "hostId"));
  exports.Set("groupHasEnded", Napi::Function::New<GuardedFunction<GroupHasEnded>>(env, "groupHasEnded"));
  exports.Set("allowOthersIn", Napi::Function::New<GuardedFunction<AllowOthers>>(env, "allowOthersIn"));
  exports.Set("stackPosition", Napi::Function::New<StackPosition>(env, "stackPosition"));
  exports.Set("processGroup", Napi::Function::New<GuardedFunction<ProcessGroup>>(env, "processGroup"));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace
}  // namespace prom
