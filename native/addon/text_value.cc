#include "addon/text_value.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

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

}  // namespace

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

}  // namespace prom
