// Why a scrape leaves out a file of the group.
#pragma once

#include "format/names.h"

namespace prom {

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

}  // namespace prom
