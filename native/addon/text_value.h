// An exposition as JavaScript gets it: the memory that it was written to, wherever that can be.
#pragma once

#include <napi.h>

#include "base/text_buffer.h"

namespace prom {

// Both take the memory of `text`, and are false when there is no value: the environment is ending, or wants memory.
bool MakeBuffer(napi_env env, TextBuffer text, napi_value* result);
bool MakeString(napi_env env, TextBuffer text, napi_value* result);

}  // namespace prom
