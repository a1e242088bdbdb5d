// What the living may change in the segments of the dead: take series out of them.
//
// A segment has one writer. Its owner's lock, held by somebody who also knows that the owner is gone, makes that one the
// writer for as long as it holds the lock.
#pragma once

#include <string>

#include "files/owner.h"
#include "group/series_filter.h"

namespace prom {

// Removes the series from all segments of the directory whose owners are dead. What cannot be opened, locked or read is
// passed over.
void RemoveFromDead(const std::string& directory, const OwnerIdentity& self, const SeriesFilter& filter);

}  // namespace prom
