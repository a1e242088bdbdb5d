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

void AppendKeyPart(std::string& key, std::string_view part) {
  auto length = static_cast<uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&length), sizeof length);
  key.append(part);
}

}  // namespace

std::vector<MergedLabel> LabelsOf(const SeriesRecord& series, const FamilyRecord& family) {
  std::vector<MergedLabel> labels;
  for (const SeriesLabel& label : series.labels) {
    labels.push_back({family.label_names[label.name], label.kind, label.text});
  }
  return labels;
}

void SetInstance(std::vector<MergedLabel>& labels, const std::string& instance) {
  std::erase_if(labels, [](const MergedLabel& label) { return label.name == "pid"; });
  labels.push_back({"pid", layout::LabelKind::kString, instance});
}

std::string LabelKey(const std::vector<MergedLabel>& own, const std::vector<MergedLabel>& defaults) {
  std::vector<const MergedLabel*> labels;
  for (const MergedLabel& label : own) {
    if (label.kind != layout::LabelKind::kUndefined) labels.push_back(&label);
  }
  for (const MergedLabel& label : defaults) {
    if (FindLabel(own, label.name) == nullptr) labels.push_back(&label);
  }
  std::sort(labels.begin(), labels.end(),
            [](const MergedLabel* a, const MergedLabel* b) { return a->name < b->name; });
  std::string key;
  for (const MergedLabel* label : labels) {
    AppendKeyPart(key, label->name);
    AppendKeyPart(key, label->text);
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
