// Values of JavaScript as the core has them, and its errors as JavaScript has them.
#pragma once

#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/layout.h"

namespace prom {

// Throws what node:fs would: an Error with errno, syscall and path; the caller in TypeScript adds `code`.
inline Napi::Value ThrowSystemError(Napi::Env env, const SystemError& error) {
  Napi::Error thrown = Napi::Error::New(env, std::strerror(error.code));
  thrown.Set("errno", Napi::Number::New(env, -error.code));
  thrown.Set("syscall", Napi::String::New(env, error.syscall));
  thrown.Set("path", Napi::String::New(env, error.path));
  thrown.ThrowAsJavaScriptException();
  return env.Undefined();
}

// A value that JavaScript gave. Its worker thread may be terminated inside any call; from then on nothing can be read any
// more, and what is not read is empty: 0, "", false, no elements. (node-addon-api, which takes a value that cannot be read
// for fatal, is for arguments only.) Ask AllWasRead() before anything is written.
class Given {
 public:
  Given(napi_env env, napi_value value) : env_(env), value_(value) {}
  Given(const Napi::Value& value) : env_(value.Env()), value_(value) {}

  Given Get(const char* name) const {
    napi_value value = nullptr;
    napi_get_named_property(env_, value_, name, &value);
    return {env_, value};
  }
  Given Get(uint32_t index) const {
    napi_value value = nullptr;
    napi_get_element(env_, value_, index, &value);
    return {env_, value};
  }
  uint32_t Length() const {
    uint32_t length = 0;
    napi_get_array_length(env_, value_, &length);
    return length;
  }
  napi_valuetype Type() const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, value_, &type);
    return type;
  }
  bool Bool() const {
    bool value = false;
    napi_get_value_bool(env_, value_, &value);
    return value;
  }
  uint32_t Uint32() const {
    uint32_t value = 0;
    napi_get_value_uint32(env_, value_, &value);
    return value;
  }
  int32_t Int32() const {
    int32_t value = 0;
    napi_get_value_int32(env_, value_, &value);
    return value;
  }
  double Double() const {
    double value = 0;
    napi_get_value_double(env_, value_, &value);
    return value;
  }
  // As JavaScript's String() has it, for a value of any type.
  std::string Text() const {
    napi_value text = nullptr;
    napi_coerce_to_string(env_, value_, &text);
    return Given(env_, text).String();
  }
  std::string String() const {
    size_t length = 0;
    std::string text;
    if (napi_get_value_string_utf8(env_, value_, nullptr, 0, &length) != napi_ok) return text;
    text.resize(length);
    napi_get_value_string_utf8(env_, value_, text.data(), length + 1, &length);
    return text;
  }
  std::vector<std::string> Strings() const {
    std::vector<std::string> strings(Length());
    for (uint32_t i = 0; i < strings.size(); i++) strings[i] = Get(i).String();
    return strings;
  }
  template <typename T>
  T* Unwrap() const {
    void* object = nullptr;
    napi_unwrap(env_, value_, &object);
    return static_cast<T*>(object);
  }

 private:
  napi_env env_;
  napi_value value_;
};

// Whether what was read of given values so far was read, and not left empty by a termination or a throwing toString().
inline bool AllWasRead(napi_env env) {
  napi_value undefined;
  bool same;
  return napi_get_undefined(env, &undefined) == napi_ok &&
         napi_strict_equals(env, undefined, undefined, &same) == napi_ok;
}

inline layout::LabelKind KindOf(const Given& value) {
  switch (value.Type()) {
    case napi_string:
      return layout::LabelKind::kString;
    case napi_number:
      return layout::LabelKind::kNumber;
    case napi_boolean:
      return layout::LabelKind::kBoolean;
    case napi_null:
      return layout::LabelKind::kNull;
    case napi_undefined:
      return layout::LabelKind::kUndefined;
    default:
      return layout::LabelKind::kOther;
  }
}

}  // namespace prom
