// The names in the directory of a group, and how its files are opened.
//
//   s.<pid>.<tid>.<random>   a segment                      archive       the values of dead owners
//   w.<pid>.<tid>.<random>   the wake-up FIFO of its owner  archive.bad   an archive that could not be read
//   .t.<random>              not finished yet               lock          the compactor holds its flock
//   r.<pid>.<tid>.<random>.<time>.<random>   a request to the owner of that segment
//   leader                   the leader holds its flock     session       every member of the group holds its flock
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "format/names.h"

namespace prom {

inline constexpr char kArchiveName[] = "archive";
inline constexpr char kBadArchiveName[] = "archive.bad";
inline constexpr char kLockName[] = "lock";
inline constexpr char kSessionName[] = "session";
inline constexpr char kLeaderName[] = "leader";

bool IsSegmentName(std::string_view name);

// What the names of an owner's segments begin with.
std::string SegmentPrefix(uint32_t pid, uint32_t tid);
bool IsTemporaryName(std::string_view name);
// Sixteen hex digits, for the name of a new file.
std::string RandomHex();
// Names of this library besides segments, and hidden files.
bool IsOtherOwnName(std::string_view name);
// The wake-up FIFO of a segment, by the segment's name or path.
std::string WakeupPath(const std::string& segment);
// The names of requests to the owner of a segment begin with this, and go on with the time.
std::string RequestPrefix(std::string_view segment_name);
bool IsRequestName(std::string_view name);
// The segment that a request is for.
std::string SegmentOfRequest(std::string_view name);
// Removes the wake-up FIFO of a segment, if it is a FIFO.
void RemoveWakeup(int directory, const std::string& segment);

// Whether errno tells that this process, or the system, has no descriptor or memory left.
bool IsStarved();

// An open directory; invalid, with errno, when there is none. EPERM where other users may write: all of them, or a group that is
// not that of this process. A descriptor that was opened stays the directory that was looked at.
UniqueFd OpenDirectory(const std::string& path);
// The user trusts all who may write in this directory: it is opened in any case.
void AllowOthersIn(const std::string& path);

// Sum of the sizes of the files in a directory.
uint64_t BytesIn(const std::string& path);

// Why a scrape leaves out a file of the group.
enum class SkipReason {
  kNone,
  kForeign,     // not a file of this library
  kVersion,     // of a later format version
  kCorrupt,     // its bytes contradict each other
  kTruncated,   // shorter than its header says
  kForbidden,   // not a plain file of this user
  kDuplicate,   // a copy of another segment of the group
  kUnreadable,  // the system refused to open or read it
};

// Values of the label `reason` of the self-metric.
inline constexpr Names<SkipReason, 8> kSkipReasonNames{
    SkipReason::kNone,
    {"none", "foreign", "version", "corrupt", "truncated", "forbidden", "duplicate", "unreadable"}};

// Opens a regular file of this user, with no second link, for reading. Follows no link and waits for no FIFO. Otherwise
// invalid, with the reason; kNone when there is no such file, kCorrupt when the file consists of holes: to read it would cost
// memory that it does not take itself.
UniqueFd OpenPlainFile(int directory, const char* name, SkipReason* reason = nullptr);
// Gives a file that root has made to the owner of its directory, who could not open it otherwise. Does nothing for other users.
void GiveToOwner(int directory, int fd);
bool WriteWhole(int fd, const void* bytes, size_t length);
// Opens a lock file, which is created if it does not exist. Invalid, with errno, when that fails.
UniqueFd OpenLockFile(int directory, const char* name);

// Whether the name still means the open file, and the file has no other name.
bool NameIsCurrent(int directory, const char* name, int fd);
// For a file whose lock is held: whether the system refuses a second lock, as it should.
bool LockExcludes(int directory, const char* name);

// flock(2), at most `wait_ms` later.
bool WaitForLock(int fd, int operation, double wait_ms);

}  // namespace prom
