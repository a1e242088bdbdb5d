// The class Group of the addon.
#pragma once

#include <napi.h>

namespace prom {

// new Group(directory | undefined)
Napi::Function DefineGroup(Napi::Env env);

}  // namespace prom
