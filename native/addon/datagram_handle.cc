#include <memory>
#include <string>
#include <utility>

#include "addon/argument.h"
#include "addon/datagram_receiver.h"
#include "addon/guard.h"
#include "addon/handles.h"

namespace prom {
namespace {

// new DatagramSocket(path, mode, onReadable). src/native.ts has the contract of each method.
class DatagramHandle : public Napi::ObjectWrap<DatagramHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "DatagramSocket",
                       {
                           InstanceMethod<&DatagramHandle::Take>("take"),
                           InstanceMethod<&DatagramHandle::Packets>("packets"),
                           InstanceMethod<&DatagramHandle::Drops>("drops"),
                           InstanceMethod<&DatagramHandle::Close>("close"),
                       });
  }

  explicit DatagramHandle(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<DatagramHandle>(info), env_(info.Env()) {
    Guarded(info, [&] {
      Argument path = info[0];
      napi_value name;
      napi_threadsafe_function notify = nullptr;
      bool made = napi_create_string_utf8(env_, "prom-client-mmap", NAPI_AUTO_LENGTH, &name) == napi_ok &&
                  napi_create_threadsafe_function(env_, info[2], nullptr, name, 0, 1, nullptr, nullptr,
                                                  nullptr, nullptr, &notify) == napi_ok;
      if (!made) return;
      napi_unref_threadsafe_function(env_, notify);
      notify_ = notify;
      auto receiver = DatagramReceiver::Open(path.String(), Argument(info[1]).Uint32(), [notify] {
        napi_call_threadsafe_function(notify, nullptr, napi_tsfn_nonblocking);
      });
      // It runs before the function is taken down: the thread must not call that afterwards.
      napi_add_env_cleanup_hook(env_, CloseAtEnd, this);
      if (receiver.ok()) {
        receiver_ = std::move(receiver.value());
      } else {
        Stop();
        ThrowSystemError(info.Env(), receiver.error());
      }
    });
  }

  ~DatagramHandle() override { Stop(); }

 private:
  static void CloseAtEnd(void* handle) { static_cast<DatagramHandle*>(handle)->Stop(); }

  // Does nothing the second time.
  void Stop() {
    receiver_.reset();
    if (notify_ == nullptr) return;
    napi_remove_env_cleanup_hook(env_, CloseAtEnd, this);
    napi_release_threadsafe_function(std::exchange(notify_, nullptr), napi_tsfn_abort);
  }

  // (most) -> string
  Napi::Value Take(const Napi::CallbackInfo& info) {
    return Guarded(info, [&] {
      std::string text = receiver_ ? receiver_->Take(Argument(info[0]).Uint32()) : "";
      return Napi::String::New(info.Env(), text);
    });
  }

  Napi::Value Packets(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), receiver_ ? static_cast<double>(receiver_->packets()) : 0);
  }

  Napi::Value Drops(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), receiver_ ? static_cast<double>(receiver_->drops()) : 0);
  }

  Napi::Value Close(const Napi::CallbackInfo& info) {
    Stop();
    return info.Env().Undefined();
  }

  napi_env env_;
  napi_threadsafe_function notify_ = nullptr;
  std::unique_ptr<DatagramReceiver> receiver_;
};

}  // namespace

Napi::Function DefineDatagramSocket(Napi::Env env) { return DatagramHandle::Define(env); }

}  // namespace prom
