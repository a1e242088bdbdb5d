// Labels: of a series, as a key, and as the text formats print them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "format/label.h"
#include "format/record.h"

namespace prom {

std::vector<Label> LabelsOf(const SeriesRecord& series, const FamilyRecord& family);

// The label of that name, or null.
template <typename AnyLabel>
const AnyLabel* FindLabel(const std::vector<AnyLabel>& labels, std::string_view name) {
  auto found = std::find_if(labels.begin(), labels.end(),
                            [name](const AnyLabel& label) { return label.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

// Says by the label `pid`, Python's word, which owner a series is of. A label of that name that the series has is lost.
template <typename AnyLabel>
void SetInstance(std::vector<AnyLabel>& labels, const std::string& instance) {
  std::erase_if(labels, [](const AnyLabel& label) { return label.name == "pid"; });
  labels.push_back({"pid", layout::LabelKind::kString, instance});
}

// The labels in the order of their names, as a text that says where each ends.
std::string SortedKey(std::vector<LabelRef>& labels);

// What identifies a series among its family: its labels in the order of their names. A label that is `undefined` is
// the same as none.
template <typename AnyLabel>
std::string LabelKey(const std::vector<AnyLabel>& own, const std::vector<AnyLabel>& defaults = {}) {
  std::vector<LabelRef> labels;
  labels.reserve(own.size() + defaults.size());
  for (const AnyLabel& label : own) {
    if (label.kind != layout::LabelKind::kUndefined) labels.push_back({label.name, label.kind, label.text});
  }
  for (const AnyLabel& label : defaults) {
    if (FindLabel(own, label.name) == nullptr) labels.push_back({label.name, label.kind, label.text});
  }
  return SortedKey(labels);
}

// Escapes backslash and line feed, as HELP lines want it.
void AppendEscaped(std::string& out, std::string_view text);

// Appends `name="value"`, joined by commas to each other and to what is there. As in prom-client, only values that were
// strings are escaped. Labels whose name is in `except` are left out.
void AppendLabels(std::string& out, const std::vector<Label>& labels, const std::vector<Label>& except = {});

}  // namespace prom
