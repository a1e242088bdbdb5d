// Conversions between JavaScript and C++: arguments, and system errors.
#pragma once

#include <napi.h>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/layout.h"

namespace prom {

// Makes the Error that node:fs would throw, with errno, syscall and path; the caller in TypeScript adds `code`. False when
// the environment is ending.
inline bool MakeSystemError(napi_env env, const SystemError& error, napi_value* result) {
  auto text = [env](const char* chars, napi_value* value) {
    return napi_create_string_utf8(env, chars, NAPI_AUTO_LENGTH, value) == napi_ok;
  };
  napi_value message, number, syscall, path;
  return text(std::strerror(error.code), &message) && text(error.syscall, &syscall) &&
         text(error.path.c_str(), &path) && napi_create_int32(env, -error.code, &number) == napi_ok &&
         napi_create_error(env, nullptr, message, result) == napi_ok &&
         napi_set_named_property(env, *result, "errno", number) == napi_ok &&
         napi_set_named_property(env, *result, "syscall", syscall) == napi_ok &&
         napi_set_named_property(env, *result, "path", path) == napi_ok;
}

inline Napi::Value ThrowSystemError(Napi::Env env, const SystemError& error) {
  napi_value thrown;
  if (MakeSystemError(env, error, &thrown)) napi_throw(env, thrown);
  return env.Undefined();
}

// An argument, or a value inside one. Node may terminate the worker thread inside any call. From then on every read gives
// an empty value: 0, "", false, no elements. Ask AllWasRead() before anything is written. (In node-addon-api such a read is
// a fatal error.)
class Argument {
 public:
  Argument(napi_env env, napi_value value) : env_(env), value_(value) {}
  Argument(const Napi::Value& value) : env_(value.Env()), value_(value) {}
  operator napi_value() const { return value_; }

  Argument Get(const char* name) const {
    napi_value value = nullptr;
    napi_get_named_property(env_, value_, name, &value);
    return {env_, value};
  }
  Argument Get(uint32_t index) const {
    napi_value value = nullptr;
    napi_get_element(env_, value_, index, &value);
    return {env_, value};
  }
  uint32_t Length() const { return Read<uint32_t>(napi_get_array_length); }
  napi_valuetype Type() const {
    napi_valuetype type = napi_undefined;
    napi_typeof(env_, value_, &type);
    return type;
  }
  bool Bool() const { return Read<bool>(napi_get_value_bool); }
  uint32_t Uint32() const { return Read<uint32_t>(napi_get_value_uint32); }
  int32_t Int32() const { return Read<int32_t>(napi_get_value_int32); }
  double Double() const { return Read<double>(napi_get_value_double); }
  // At most `most` bytes of the text.
  std::string String(size_t most = std::string::npos) const {
    std::string text;
    StringTo(text, most);
    return text;
  }
  // A label value: its kind, and its text in `text`, whose memory is reused. A primitive has the text of JavaScript's
  // String(), an array that of its first element, which is a string: no code of the caller runs. A text is cut where it is
  // too long for a record in any case.
  layout::LabelKind LabelTo(std::string& text) const {
    napi_valuetype type = Type();
    napi_value string = value_;
    if (type == napi_object) {
      napi_get_element(env_, value_, 0, &string);
    } else if (type != napi_string) {
      napi_coerce_to_string(env_, value_, &string);
    }
    Argument(env_, string).StringTo(text, layout::kMaxPrivateRecord);
    return KindOf(type);
  }
  std::vector<std::string> Strings() const {
    std::vector<std::string> strings(Length());
    for (uint32_t i = 0; i < strings.size(); i++) strings[i] = Get(i).String();
    return strings;
  }

 private:
  template <typename T>
  T Read(napi_status (*get)(napi_env, napi_value, T*)) const {
    T value{};
    get(env_, value_, &value);
    return value;
  }
  static layout::LabelKind KindOf(napi_valuetype type) {
    using enum layout::LabelKind;
    // In the order of napi_valuetype, which has symbols, objects and others after them.
    constexpr layout::LabelKind kPrimitives[] = {kUndefined, kNull, kBoolean, kNumber, kString};
    return type < std::size(kPrimitives) ? kPrimitives[type] : kOther;
  }
  // Into the memory of `text`, at most `most` bytes.
  void StringTo(std::string& text, size_t most) const {
    constexpr size_t kUsualLength = 128;  // needs one call of Node-API instead of two
    constexpr size_t kLongestCharacter = 4;
    text.resize(kUsualLength);
    size_t length = 0;
    napi_get_value_string_utf8(env_, value_, text.data(), text.size() + 1, &length);
    if (length + kLongestCharacter > text.size()) {  // may have been cut
      napi_get_value_string_utf8(env_, value_, nullptr, 0, &length);
      text.resize(std::min(length, most));
      napi_get_value_string_utf8(env_, value_, text.data(), text.size() + 1, &length);
    }
    text.resize(length);
  }

  napi_env env_;
  napi_value value_;
};

// Whether all reads so far were complete: the thread was not terminated, and no conversion of a symbol threw.
inline bool AllWasRead(napi_env env) {
  napi_value undefined;
  bool same;
  return napi_get_undefined(env, &undefined) == napi_ok &&
         napi_strict_equals(env, undefined, undefined, &same) == napi_ok;
}

}  // namespace prom
