#include "merge/label_text.h"

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

void AppendKeyPart(std::string& key, std::string_view part) {
  auto length = static_cast<uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&length), sizeof length);
  key.append(part);
}

}  // namespace

std::vector<Label> LabelsOf(const SeriesRecord& series, const FamilyRecord& family) {
  std::vector<Label> labels;
  labels.reserve(series.labels.size());
  for (const SeriesLabel& label : series.labels) {
    labels.push_back({family.label_names[label.name], label.kind, label.text});
  }
  return labels;
}

std::string SortedKey(std::vector<LabelRef>& labels) {
  std::sort(labels.begin(), labels.end(),
            [](const LabelRef& a, const LabelRef& b) { return a.name < b.name; });
  size_t size = 0;
  for (const LabelRef& label : labels) size += 2 * sizeof(uint32_t) + label.name.size() + label.text.size();
  std::string key;
  key.reserve(size);
  for (const LabelRef& label : labels) {
    AppendKeyPart(key, label.name);
    AppendKeyPart(key, label.text);
  }
  return key;
}

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

void AppendLabels(std::string& out, const std::vector<Label>& labels, const std::vector<Label>& except) {
  for (const Label& label : labels) {
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
