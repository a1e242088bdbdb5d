// The classes of the addon. src/native.ts has the contract of each method.
#pragma once

#include <napi.h>

#include <memory>

#include "base/byte_source.h"

namespace prom {

// new Segment(directory | undefined, workerThread, maxBytes, location: Int32Array(3))
Napi::Function DefineSegment(Napi::Env env);
// new Group(directory | undefined)
Napi::Function DefineGroup(Napi::Env env);
// new DatagramSocket(path, mode, onReadable)
Napi::Function DefineDatagramSocket(Napi::Env env);

// The bytes of a Segment object, which may be used after it was rewritten or closed. Null if it cannot be read.
std::shared_ptr<const ByteSource> BytesOfSegment(napi_env env, napi_value segment);

}  // namespace prom
