#include "label_text.h"

#include <algorithm>

namespace prom {
namespace {

void AppendLabelValue(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"') {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

}  // namespace

void AppendEscaped(std::string& out, std::string_view text) {
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

const MergedLabel* FindLabel(const std::vector<MergedLabel>& labels, std::string_view name) {
  auto found = std::find_if(labels.begin(), labels.end(),
                            [name](const MergedLabel& label) { return label.name == name; });
  return found == labels.end() ? nullptr : &*found;
}

void AppendLabels(std::string& out, const std::vector<MergedLabel>& labels,
                  const std::vector<MergedLabel>& except) {
  for (const MergedLabel& label : labels) {
    if (FindLabel(except, label.name) != nullptr) continue;
    if (!out.empty()) out += ',';
    out += label.name;
    out += "=\"";
    if (label.kind == layout::LabelKind::kString) {
      AppendLabelValue(out, label.text);
    } else {
      out += label.text;
    }
    out += '"';
  }
}

}  // namespace prom
