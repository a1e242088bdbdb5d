// A group's run: from the start of its first owner until nobody is left.
//
// Every member, also one that only answers scrapes, holds the lock of the file `run`, shared, for life. An owner that can have
// it alone is the first of a new run, and removes what the one before has left.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "files/owner.h"

namespace prom {

enum class Part {
  kReader,   // takes the group as it is
  kHeir,     // an owner that goes on where earlier runs have ended
  kStarter,  // an owner that begins at zero if nobody lives
};

// Joins the run, or begins one. The result is invalid where the directory has no room for the file or the file system no
// locks: then nothing was removed. Waits at most a second, for another that begins the run at this moment. `held` is what
// an earlier call gave: its part is given up for the new one.
UniqueFd JoinRun(const std::string& directory, const OwnerIdentity& self, Part part, UniqueFd held = {});

}  // namespace prom
