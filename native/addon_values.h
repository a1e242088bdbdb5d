// Values of JavaScript as the core has them, and its errors as JavaScript has them.
#pragma once

#include <napi.h>

#include <cstring>
#include <string>
#include <vector>

#include "layout.h"
#include "result.h"

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

inline uint32_t Uint32(const Napi::Value& value) { return value.As<Napi::Number>().Uint32Value(); }
inline double Double(const Napi::Value& value) { return value.As<Napi::Number>().DoubleValue(); }
inline std::string String(const Napi::Value& value) { return value.As<Napi::String>().Utf8Value(); }

inline layout::LabelKind KindOf(const Napi::Value& value) {
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

inline std::vector<std::string> Strings(const Napi::Array& array) {
  std::vector<std::string> strings;
  for (uint32_t i = 0; i < array.Length(); i++) strings.push_back(String(array.Get(i)));
  return strings;
}

}  // namespace prom
