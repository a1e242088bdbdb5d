// The session of a group: its life from the first owner until no member is left.
//
// Every member, also a process that only answers scrapes, holds the lock of the file `session`, shared, for life. An owner
// that gets the lock alone is the first of a new session, and removes the files of the one before. Each owner leaves a mark in
// the file when it joins.
#pragma once

#include <string>

#include "base/unique_fd.h"
#include "files/owner.h"

namespace prom {

enum class JoinMode {
  kRead,    // a reader: takes the group as it is
  kResume,  // an owner that continues the counts of earlier sessions
  kReset,   // an owner that begins at zero if no other member lives
};

// Joins the session, or begins one. The result is invalid when the file cannot be made or locked; then nothing was removed.
// Waits at most a second for a process that begins the session at this moment. `held` is the result of an earlier call,
// whose lock the new one replaces.
UniqueFd JoinSession(const std::string& directory, const OwnerIdentity& self, JoinMode mode,
                     UniqueFd held = {});

// The mark of the last owner that has joined, or an empty text.
std::string SessionMark(const UniqueFd& session);

// Whether a group has neither members nor living owners, by locks and by evidence. False where that cannot be found out. The
// process after which a group is named need not be a member.
bool SessionHasEnded(const std::string& directory, const OwnerIdentity& self);

}  // namespace prom
