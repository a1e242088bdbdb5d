// Which series a removal removes.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "format/label.h"
#include "format/record.h"

namespace prom {

// Series of the families in `scope`: all of them, those of one family, or the one with these labels.
struct SeriesFilter {
  std::string scope;
  std::optional<std::string> family;
  std::optional<std::vector<std::pair<std::string, std::string>>> labels;  // names and texts

  bool WantsFamily(const FamilyRecord& record) const { return !family || record.name == *family; }
  // `series` are the labels of a series of a wanted family. The label `pid` of a family that keeps its owners apart does not
  // count.
  bool WantsSeries(const std::vector<Label>& series, layout::MergeMode mode) const;
};

}  // namespace prom
