// What the merge modes of gauges mean, for those who merge the living and for those who keep what the dead have left.
#pragma once

#include <cfloat>
#include <cmath>

#include "format/layout.h"

namespace prom {

// Whether an owner's values count after its death: `live` modes, and prom-client's aggregators, forget the dead.
inline bool OutlivesOwner(layout::MergeMode mode) {
  switch (mode) {
    case layout::MergeMode::kAll:
    case layout::MergeMode::kMin:
    case layout::MergeMode::kMax:
    case layout::MergeMode::kSum:
    case layout::MergeMode::kMostRecent:
      return true;
    default:
      return false;
  }
}

// Whether each owner's series stand apart, told from the others by the label `pid`.
inline bool IsPerOwner(layout::MergeMode mode) {
  return mode == layout::MergeMode::kAll || mode == layout::MergeMode::kLiveAll;
}

inline bool IsMostRecent(layout::MergeMode mode) {
  return mode == layout::MergeMode::kMostRecent || mode == layout::MergeMode::kLiveMostRecent;
}

// For `min` and `max`: whether a value replaces what is known. A NaN is taken only where there is nothing else, so that
// the order of owners does not matter.
inline bool Better(bool smaller, double value, double known) {
  if (std::isnan(known)) return true;
  return smaller ? value < known : value > known;
}

// When a `mostrecent` gauge was set, comparable with times of this boot; 0 when it never was. Times before the last boot
// are of another clock: any of this one is later.
inline double SetTime(double time, bool this_boot) {
  return this_boot || time == 0 ? time : std::fmax(time * 1e-200, DBL_MIN);
}

}  // namespace prom
