#include "group/series_filter.h"

#include <algorithm>

#include "format/merge_mode.h"

namespace prom {

bool SeriesFilter::WantsSeries(const std::vector<Label>& series, layout::MergeMode mode) const {
  if (!labels) return true;
  std::vector<std::pair<std::string, std::string>> own;
  for (const Label& label : series) {
    if (label.kind != layout::LabelKind::kUndefined) own.emplace_back(label.name, label.text);
  }
  std::vector<std::pair<std::string, std::string>> wanted = *labels;
  for (auto* list : {&own, &wanted}) {
    if (IsPerOwner(mode)) std::erase_if(*list, [](const auto& label) { return label.first == "pid"; });
    std::sort(list->begin(), list->end());
  }
  return own == wanted;
}

}  // namespace prom
