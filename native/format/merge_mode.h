// Rules of the merge modes of gauges, for scrapes and for the archive.
#pragma once

#include <cfloat>
#include <cmath>

#include "format/layout.h"

namespace prom {

// Whether the values of an owner count after its exit. Not in `live` modes, nor with the aggregators of prom-client.
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

// Whether each owner has series of its own, with the label `pid`.
inline bool IsPerOwner(layout::MergeMode mode) {
  return mode == layout::MergeMode::kAll || mode == layout::MergeMode::kLiveAll;
}

inline bool IsMostRecent(layout::MergeMode mode) {
  return mode == layout::MergeMode::kMostRecent || mode == layout::MergeMode::kLiveMostRecent;
}

// For `min` and `max`: whether a value replaces the known one. Any number replaces a NaN, so that the order of owners does
// not matter.
inline bool Better(bool smaller, double value, double known) {
  if (std::isnan(known)) return true;
  return smaller ? value < known : value > known;
}

// When a `mostrecent` gauge was set, comparable with times of this boot; 0 if never. Times before the last boot are of
// another clock: every time of this boot is later.
inline double SetTime(double time, bool this_boot) {
  return this_boot || time == 0 ? time : std::fmax(time * 1e-200, DBL_MIN);
}

}  // namespace prom
