#include "addon/text_value.h"

#include <dlfcn.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

namespace prom {
namespace {

// node_api_create_external_string_latin1: in every Node since 20.4, but declared for experiments only, or for addons that
// do without the older ones.
using CreateExternalString = napi_status(NAPI_CDECL*)(napi_env, char*, size_t, napi_finalize, void*,
                                                      napi_value*, bool*);

// Below it a copy costs less than what V8 must know of memory that is not its own.
constexpr size_t kWorthExternal = 256 * 1024;

// What JavaScript holds until it is collected.
struct Held {
  TextBuffer text;
  int64_t bytes;  // that V8 was told of beside what it knows, for it would see no need to collect them
};

void Tell(napi_env env, int64_t bytes) {
  int64_t all;
  if (env != nullptr && bytes != 0) napi_adjust_external_memory(env, bytes, &all);
}

void LetGo(napi_env env, void*, void* hint) {
  std::unique_ptr<Held> held(static_cast<Held*>(hint));
  Tell(env, -held->bytes);
}

}  // namespace

bool MakeBuffer(napi_env env, TextBuffer text, napi_value* result) {
  size_t size = text.size();
  auto* data = const_cast<char*>(text.view().data());
  if (size >= kWorthExternal) {
    auto held = std::make_unique<Held>(Held{std::move(text), 0});
    if (napi_create_external_buffer(env, size, data, LetGo, held.get(), result) == napi_ok) {
      held.release();
      return true;
    }
    text = std::move(held->text);  // where memory from outside is not wanted (V8's sandbox)
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
    Tell(env, held->bytes);
    bool copied;
    // Where it copies it lets go at once.
    if (create(env, data, size, LetGo, held, result, &copied) == napi_ok) return true;
    text = std::move(held->text);
    LetGo(env, nullptr, held);
  }
  return napi_create_string_latin1(env, data, size, result) == napi_ok;
}

}  // namespace prom
