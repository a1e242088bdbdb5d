#include "group/series_filter.h"

#include <algorithm>

#include "format/merge_mode.h"

namespace prom {

bool SeriesFilter::WantsSeries(const SeriesRecord& series, const FamilyRecord& record) const {
  if (!labels) return true;
  std::vector<std::pair<std::string, std::string>> own;
  for (const SeriesLabel& label : series.labels) {
    const std::string& name = record.label_names[label.name];
    bool owner = name == "pid" && IsPerOwner(record.merge_mode);
    if (label.kind != layout::LabelKind::kUndefined && !owner) own.emplace_back(name, label.text);
  }
  std::vector<std::pair<std::string, std::string>> wanted = *labels;
  std::erase_if(wanted,
                [&](const auto& label) { return label.first == "pid" && IsPerOwner(record.merge_mode); });
  std::sort(own.begin(), own.end());
  std::sort(wanted.begin(), wanted.end());
  return own == wanted;
}

}  // namespace prom
