// Labels: of a series, as a key, and as the text formats print them.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "format/layout.h"
#include "format/record.h"

namespace prom {

struct MergedLabel {
  std::string name;
  layout::LabelKind kind;
  std::string text;
};

// A label whose texts are somebody else's, for who looks at many and keeps few.
struct LabelRef {
  std::string_view name;
  layout::LabelKind kind;
  std::string_view text;
};

std::vector<MergedLabel> LabelsOf(const SeriesRecord& series, const FamilyRecord& family);

// The label of that name, or null.
template <typename Label>
const Label* FindLabel(const std::vector<Label>& labels, std::string_view name) {
  auto found =
      std::find_if(labels.begin(), labels.end(), [name](const Label& label) { return label.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

// Says by the label `pid`, Python's word, which owner a series is of. A label of that name that the series has is lost.
template <typename Label>
void SetInstance(std::vector<Label>& labels, const std::string& instance) {
  std::erase_if(labels, [](const Label& label) { return label.name == "pid"; });
  labels.push_back({"pid", layout::LabelKind::kString, instance});
}

// The labels in the order of their names, as a text that says where each ends.
std::string SortedKey(std::vector<LabelRef>& labels);

// What identifies a series among its family: its labels in the order of their names. A label that is `undefined` is
// the same as none.
template <typename Label>
std::string LabelKey(const std::vector<Label>& own, const std::vector<Label>& defaults = {}) {
  std::vector<LabelRef> labels;
  labels.reserve(own.size() + defaults.size());
  for (const Label& label : own) {
    if (label.kind != layout::LabelKind::kUndefined) labels.push_back({label.name, label.kind, label.text});
  }
  for (const Label& label : defaults) {
    if (FindLabel(own, label.name) == nullptr) labels.push_back({label.name, label.kind, label.text});
  }
  return SortedKey(labels);
}

// Escapes backslash and line feed, as HELP lines want it.
void AppendEscaped(std::string& out, std::string_view text);

// Appends `name="value"`, joined by commas to each other and to what is there. As in prom-client, only values that were
// strings are escaped. Labels whose name is in `except` are left out.
void AppendLabels(std::string& out, const std::vector<MergedLabel>& labels,
                  const std::vector<MergedLabel>& except = {});

}  // namespace prom
