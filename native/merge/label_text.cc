#include "merge/label_text.h"

#include <algorithm>

namespace prom {
namespace {

template <typename AnyLabel>
bool HasName(const std::vector<AnyLabel>& labels, std::string_view name) {
  return std::any_of(labels.begin(), labels.end(),
                     [name](const AnyLabel& label) { return label.name == name; });
}

void AppendKeyPart(std::string& key, std::string_view part) {
  auto length = static_cast<uint32_t>(part.size());
  key.append(reinterpret_cast<const char*>(&length), sizeof length);
  key.append(part);
}

}  // namespace

std::vector<Label> LabelsOf(const SeriesRecord& series, const FamilyRecord& family) {
  std::vector<Label> labels;
  for (const SeriesLabel& label : series.labels) {
    labels.push_back({family.label_names[label.name], label.kind, label.text});
  }
  return labels;
}

std::string_view LabelKeys::Of(const std::vector<LabelRef>& own, const std::vector<LabelRef>& defaults) {
  labels_.clear();
  for (const LabelRef& label : own) {
    if (label.kind != layout::LabelKind::kUndefined) labels_.push_back(label);
  }
  for (const LabelRef& label : defaults) {
    if (!HasName(own, label.name)) labels_.push_back(label);
  }
  std::sort(labels_.begin(), labels_.end(),
            [](const LabelRef& a, const LabelRef& b) { return a.name < b.name; });
  key_.clear();
  for (const LabelRef& label : labels_) {
    AppendKeyPart(key_, label.name);
    AppendKeyPart(key_, label.text);
  }
  return key_;
}

void AppendEscaped(std::string& out, std::string_view text, bool quotes) {
  for (char c : text) {
    if (c == '\\' || (c == '"' && quotes)) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

bool AppendLabelName(std::string& out, std::string_view name, Escaping escaping) {
  bool legacy = IsLegacyName(name, NameKind::kLabel);
  if (legacy && escaping != Escaping::kDots) {
    out += name;
  } else if (legacy || escaping != Escaping::kUtf8) {
    out += EscapedName(name, NameKind::kLabel, escaping);
  } else {
    out += '"';
    AppendEscaped(out, name, true);
    out += '"';
  }
  return !legacy;
}

bool AppendLabels(std::string& out, const std::vector<Label>& labels, const std::vector<Label>& except,
                  Escaping escaping) {
  bool has_others = false;
  for (const Label& label : labels) {
    if (HasName(except, label.name)) continue;
    if (!out.empty()) out += ',';
    has_others |= AppendLabelName(out, label.name, escaping);
    out += "=\"";
    if (label.kind == layout::LabelKind::kString) {
      AppendEscaped(out, label.text, true);
    } else {
      out += label.text;
    }
    out += '"';
  }
  return has_others;
}

}  // namespace prom
