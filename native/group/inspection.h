// A look at the files of a group from outside: the facts about each, and which process an owner belongs to. Nothing is changed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/text_buffer.h"
#include "files/owner.h"

namespace prom {

// The facts about each file of a directory, as a JSON array of objects (NativeFile in src/native.ts). `whole` reads and checks all
// records and cells; otherwise only the header of each segment is read. Fails when the directory cannot be opened or listed.
Result<TextBuffer> InspectGroup(const std::string& path, const OwnerIdentity& self, bool whole);

// The living process of this pid that owns a segment in the directory. None where there is no such process; where two pid namespaces
// have one, that of the segment whose name comes first.
std::optional<ProcessIdentity> FindProcess(const std::string& path, const OwnerIdentity& self, uint32_t pid);

}  // namespace prom
