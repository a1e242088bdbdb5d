// Why a file of a group was left out of a scrape.
#pragma once

namespace prom {

// The names are those of the self-metric's `reason` label.
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

constexpr const char* SkipReasonName(SkipReason reason) {
  switch (reason) {
    case SkipReason::kNone:
      return "none";
    case SkipReason::kForeign:
      return "foreign";
    case SkipReason::kVersion:
      return "version";
    case SkipReason::kCorrupt:
      return "corrupt";
    case SkipReason::kTruncated:
      return "truncated";
    case SkipReason::kForbidden:
      return "forbidden";
    case SkipReason::kDuplicate:
      return "duplicate";
    case SkipReason::kUnreadable:
      return "unreadable";
  }
  return "none";
}

}  // namespace prom
