// The part of the addon that reads groups, and works on what the dead have left.
#pragma once

#include <napi.h>

#include <memory>

#include "addon_values.h"
#include "byte_source.h"

namespace prom {

// What a scrape reads: the class Group(directory | undefined).
Napi::Function DefineGroup(Napi::Env env);

// The bytes of a segment of this process, given as its JavaScript object; null for anything else.
std::shared_ptr<const ByteSource> SegmentSource(const Given& segment);

}  // namespace prom
