// Removes series of dead owners. (Living owners remove their own.)
//
// A segment has one writer. The owner's lock makes its holder the writer once the owner is known to have exited.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "files/owner.h"
#include "format/label.h"
#include "format/record.h"

namespace prom {

// Series of the families in `scope`: all of them, those of one family, or the one with these labels.
struct SeriesFilter {
  std::string scope;
  std::optional<std::string> family;
  std::optional<std::vector<std::pair<std::string, std::string>>> labels;  // names and texts

  bool WantsFamily(const FamilyRecord& record) const { return !family || record.name == *family; }
  // `series` are the labels of a series of a wanted family. Where owners are kept apart, their label `pid` does not count.
  bool WantsSeries(const std::vector<Label>& series, layout::MergeMode mode) const;
};

// Removes the series from all segments of the directory whose owners have exited. A segment that cannot be opened, locked or
// read is skipped.
void RemoveFromDead(const std::string& directory, const OwnerIdentity& self, const SeriesFilter& filter);

}  // namespace prom
