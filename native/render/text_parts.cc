#include "render/text_parts.h"

#include <cmath>
#include <initializer_list>
#include <vector>

#include "format/names.h"
#include "merge/label_text.h"

namespace prom {

using layout::MetricType;

std::string EscapedFamily(const MergedFamily& family, Escaping escaping) {
  return EscapedName(family.definition.name, NameKind::kMetric, escaping);
}

std::string Quoted(std::string_view name) {
  std::string quoted = "\"";
  AppendEscaped(quoted, name, true);
  return quoted + '"';
}

void AppendHead(TextBuffer& out, Format format, std::string_view name, std::string_view help,
                std::string_view type, std::string_view unit) {
  bool exact = IsExact(format);
  std::string escaped;
  AppendEscaped(escaped, help, exact);
  std::string shown = IsLegacyName(name, NameKind::kMetric) ? std::string(name) : Quoted(name);
  auto append = [&out](std::initializer_list<std::string_view> parts) {
    for (std::string_view part : parts) out.Append(part);
  };
  if (!exact) return append({"# HELP ", shown, " ", escaped, "\n# TYPE ", shown, " ", type});
  append({"# TYPE ", shown, " ", type});
  // Scrapers refuse a unit that is not the end of the name.
  bool total = format == Format::kOpenMetrics2 && type == kTypeNames[MetricType::kCounter];
  if (total && name.ends_with("_total")) name.remove_suffix(6);
  if (!unit.empty() && name.ends_with("_" + std::string(unit))) append({"\n# UNIT ", shown, " ", unit});
  append({"\n# HELP ", shown, " ", escaped});
}

std::string_view EscapedLabels(const Merge& merge, uint32_t index, MetricType type, Escaping escaping,
                               bool exact, std::string& memory) {
  MergedIdentity series = merge.plan().identity(index);
  if (exact) {
    for (std::vector<Label>* labels : {&series.labels, &series.defaults}) {
      for (Label& label : *labels) label.kind = layout::LabelKind::kString;
    }
  }
  memory.clear();
  AppendText(series, type, memory, escaping);
  size_t length = memory.size();
  memory.append(Merge::kTextPadding, '\0');
  return std::string_view(memory).substr(0, length);
}

std::vector<bool> ShownBounds(const FamilyRecord& definition) {
  std::vector<bool> shown;
  std::set<double> quantiles;
  double greatest = -HUGE_VAL;
  for (double bound : definition.bounds) {
    bool in_range = bound >= 0 && bound <= 1;
    shown.push_back(definition.type == MetricType::kSummary ? in_range && quantiles.insert(bound).second
                                                            : std::isfinite(bound) && bound > greatest);
    greatest = std::fmax(greatest, bound);  // not by NaN
  }
  return shown;
}

void AppendSelfFamily(const SelfFamily& family, Format format, Escaping escaping, TextBuffer& out) {
  std::string name = EscapedName(family.name, NameKind::kMetric, escaping);
  // In OpenMetrics 1 the samples of a counter end in _total, its family does not.
  bool total =
      format != Format::kText && format != Format::kOpenMetrics2 && family.type == MetricType::kCounter;
  AppendHead(out, format, total ? name.substr(0, name.size() - 6) : name, family.help,
             kTypeNames[family.type]);
  for (const SelfFamily::Sample& sample : family.samples) {
    out.Append('\n');
    out.Append(name);
    if (!sample.label.empty()) {
      out.Append('{');
      out.Append(sample.label);
      out.Append("=\"");
      out.Append(sample.text);
      out.Append("\"}");
    }
    out.Append(' ');
    out.AppendSample(sample.value);
  }
}

double Seconds(double milliseconds) { return std::floor(milliseconds) / 1000; }

}  // namespace prom
