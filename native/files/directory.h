// The names in the directory of a group, and how its files are opened.
//
//   s.<pid>.<tid>.<random>   a segment                      archive       the values of dead owners
//   w.<pid>.<tid>.<random>   the wake-up FIFO of its owner  archive.bad   an archive that could not be read
//   .t.<random>              not finished yet               lock          the compactor holds its flock
//   leader                   the leader holds its flock     session       every member of the group holds its flock
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"
#include "files/skip_reason.h"

namespace prom {

inline constexpr char kArchiveName[] = "archive";
inline constexpr char kBadArchiveName[] = "archive.bad";
inline constexpr char kLockName[] = "lock";
inline constexpr char kSessionName[] = "session";
inline constexpr char kLeaderName[] = "leader";

bool IsSegmentName(std::string_view name);
bool IsTemporaryName(std::string_view name);
// What is ours beside segments, and what every directory has.
bool IsOtherOwnName(std::string_view name);
// The wake-up FIFO of a segment, by the segment's name or path.
std::string WakeupPath(const std::string& segment);
// Removes the wake-up FIFO of a segment, if it is a FIFO.
void RemoveWakeup(int directory, const std::string& segment);

// An open directory; invalid, with errno, when there is none.
UniqueFd OpenDirectory(const std::string& path);
// Appends the names in it, without `.` and `..`; `names` is empty before. False when they cannot be read.
bool ListNames(int directory, std::vector<std::string>& names);

// What all files in it take together.
uint64_t BytesIn(const std::string& path);

// A plain file of this user under one name only, opened for reading: nothing else is followed, waited for or believed.
// Otherwise invalid, with the reason; kNone when there is no such file.
UniqueFd OpenPlainFile(int directory, const char* name, SkipReason* reason);
// Opens a file whose only use is its lock, and makes it if need be. Invalid, with errno, when that fails.
UniqueFd OpenLockFile(int directory, const char* name);

// True when the name still means the file that is open, and only that name does.
bool NameIsCurrent(int directory, const char* name, int fd);
// True when a second lock of the file is refused, as it must be while somebody holds the first.
bool LockExcludes(int directory, const char* name);

// rename(2) to a name that nobody has. Where the file system cannot refuse one that is taken, 64 random bits have to do.
int RenameToNew(const char* from, const char* to);

}  // namespace prom
