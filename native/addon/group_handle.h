// The part of the addon that reads groups, and works on what the dead have left.
#pragma once

#include <napi.h>

namespace prom {

// What a scrape reads: the class Group(directory | undefined).
Napi::Function DefineGroup(Napi::Env env);

}  // namespace prom
