#include "render/render_json.h"

#include <cmath>
#include <cstdio>

#include "format/names.h"

namespace prom {
namespace {

void AppendString(TextBuffer& out, std::string_view text) {
  out.Append('"');
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out.Append('\\');
      out.Append(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out.Append(escape);
    } else {
      out.Append(c);
    }
  }
  out.Append('"');
}

void AppendNumber(TextBuffer& out, double value) {
  bool finite = std::isfinite(value);
  if (!finite) out.Append('"');
  out.AppendJsNumber(value);
  if (!finite) out.Append('"');
}

template <typename Range, typename Each>
void AppendList(TextBuffer& out, const Range& range, Each each) {
  out.Append('[');
  bool first = true;
  for (const auto& item : range) {
    if (!first) out.Append(',');
    first = false;
    each(item);
  }
  out.Append(']');
}

void AppendLabels(TextBuffer& out, const std::vector<Label>& labels) {
  AppendList(out, labels, [&](const Label& label) {
    out.Append('[');
    AppendString(out, label.name);
    out.Append(",\"");
    out.Append(kLabelKindNames[label.kind]);
    out.Append("\",");
    AppendString(out, label.text);
    out.Append(']');
  });
}

void AppendExemplars(TextBuffer& out, const std::vector<MergedExemplar>& exemplars) {
  out.Append(",\"exemplars\":");
  AppendList(out, exemplars, [&](const MergedExemplar& exemplar) {
    out.Append("{\"bucket\":");
    AppendNumber(out, exemplar.bucket);
    out.Append(",\"value\":");
    AppendNumber(out, exemplar.value);
    out.Append(",\"time\":");
    AppendNumber(out, exemplar.time);
    out.Append(",\"labels\":");
    AppendLabels(out, exemplar.labels);
    out.Append('}');
  });
}

void AppendSeries(TextBuffer& out, const Merge& merge, const MergedFamily& family) {
  out.Append('[');
  bool first = true;
  for (uint32_t index : family.series) {
    const MergedSeries& series = merge.series()[index];
    if (!series.present) continue;
    if (!first) out.Append(',');
    first = false;
    out.Append("{\"labels\":");
    AppendLabels(out, merge.identity(index).labels);
    out.Append(",\"defaults\":");
    AppendLabels(out, merge.identity(index).defaults);
    out.Append(",\"values\":");
    AppendList(out, std::span(merge.values(series), family.value_count),
               [&](double value) { AppendNumber(out, value); });
    if (const auto* exemplars = merge.exemplars(index)) AppendExemplars(out, *exemplars);
    out.Append('}');
  }
  out.Append(']');
}

}  // namespace

void RenderJson(const Merge& merge, const std::optional<std::string>& name, TextBuffer& out) {
  out.Append('[');
  bool first = true;
  for (const MergedFamily& family : merge.families()) {
    const FamilyRecord& definition = family.definition;
    if (family.omitted || (name && definition.name != *name)) continue;
    if (!first) out.Append(',');
    first = false;
    out.Append("{\"name\":");
    AppendString(out, definition.name);
    out.Append(",\"help\":");
    AppendString(out, definition.help);
    out.Append(",\"type\":");
    AppendString(out, kTypeNames[definition.type]);
    out.Append(",\"mode\":");
    AppendString(out, kMergeModeNames[definition.merge_mode]);
    out.Append(",\"bounds\":");
    AppendList(out, definition.bounds, [&](double bound) { AppendNumber(out, bound); });
    out.Append(",\"series\":");
    AppendSeries(out, merge, family);
    out.Append('}');
  }
  out.Append(']');
}

}  // namespace prom
