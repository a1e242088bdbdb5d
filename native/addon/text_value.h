// An exposition as a value of JavaScript, without a copy if possible.
#pragma once

#include <napi.h>

#include "base/text_buffer.h"

namespace prom {

// Both take the memory of `text`. False when the environment is ending or out of memory.
bool MakeBuffer(napi_env env, TextBuffer text, napi_value* result);
bool MakeString(napi_env env, TextBuffer text, napi_value* result);

}  // namespace prom
