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
void AppendList(TextBuffer& out, Range&& range, Each each) {
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

void AppendExemplars(TextBuffer& out, const std::vector<Exemplar>& exemplars) {
  out.Append(",\"exemplars\":");
  AppendList(out, exemplars, [&](const Exemplar& exemplar) {
    out.Append("{\"bucket\":");
    AppendNumber(out, exemplar.bucket);
    out.Append(",\"value\":");
    AppendNumber(out, exemplar.value());
    out.Append(",\"time\":");
    AppendNumber(out, exemplar.time());
    out.Append(",\"labels\":");
    AppendLabels(out, exemplar.Labels());
    out.Append('}');
  });
}

void AppendSeries(TextBuffer& out, const Merge& merge, const MergedFamily& family, uint32_t index) {
  const MergedSeries& series = merge.series()[index];
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

void AppendFamily(TextBuffer& out, const Merge& merge, const MergedFamily& family) {
  const FamilyRecord& definition = family.definition;
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
  AppendList(out, merge.ShownSeries(family),
             [&](uint32_t index) { AppendSeries(out, merge, family, index); });
  out.Append('}');
}

}  // namespace

void RenderJson(const Merge& merge, const std::optional<std::string>& name, TextBuffer& out) {
  AppendList(out, merge.ShownFamilies(name),
             [&](const MergedFamily* family) { AppendFamily(out, merge, *family); });
}

}  // namespace prom
