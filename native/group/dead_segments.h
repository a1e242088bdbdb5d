// Removes series from the segments of dead owners.
//
// A segment has one writer. The owner's lock makes its holder the writer once the owner is known to have exited.
#pragma once

#include <string>

#include "files/owner.h"
#include "group/series_filter.h"

namespace prom {

// Removes the series from all segments of the directory whose owners have exited. A segment that cannot be opened, locked or
// read is skipped.
void RemoveFromDead(const std::string& directory, const OwnerIdentity& self, const SeriesFilter& filter);

}  // namespace prom
