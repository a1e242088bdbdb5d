// Which series are meant when series are to go.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/record.h"

namespace prom {

// Series of the families that are members of `scope`: all of them, those of one family, or the one with these labels.
struct SeriesFilter {
  std::string scope;
  std::optional<std::string> family;
  std::optional<std::vector<std::pair<std::string, std::string>>> labels;  // names and texts

  bool WantsFamily(const FamilyRecord& record) const { return !family || record.name == *family; }
  // Of a family that is wanted. `pid` names the owner where owners stand apart, and is nobody's choice.
  bool WantsSeries(const SeriesRecord& series, const FamilyRecord& record) const;
};

}  // namespace prom
