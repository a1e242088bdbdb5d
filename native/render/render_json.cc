#include <cmath>
#include <cstdio>
#include <span>
#include <utility>
#include <vector>

#include "format/names.h"
#include "render/render.h"

namespace prom {

void AppendJson(TextBuffer& out, std::string_view text) {
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

namespace {

// Each overload appends one value.
void Append(TextBuffer& out, std::string_view text) { AppendJson(out, text); }

void Append(TextBuffer& out, double value) {
  bool finite = std::isfinite(value);
  if (!finite) out.Append('"');
  out.AppendJsNumber(value);
  if (!finite) out.Append('"');
}

template <typename Range, typename Each>
void AppendList(TextBuffer& out, Range&& range, Each each) {
  char before = '[';
  for (const auto& item : range) {
    out.Append(std::exchange(before, ','));
    each(item);
  }
  out.Append(before == '[' ? "[]" : "]");
}

void Append(TextBuffer& out, std::span<const double> numbers) {
  AppendList(out, numbers, [&](double number) { Append(out, number); });
}

void Append(TextBuffer& out, const std::vector<Label>& labels) {
  AppendList(out, labels, [&](const Label& label) {
    out.Append('[');
    Append(out, label.name);
    out.Append(",\"");
    out.Append(kLabelKindNames[label.kind]);
    out.Append("\",");
    Append(out, label.text);
    out.Append(']');
  });
}

void Append(TextBuffer& out, const std::vector<NativeSum::Bucket>& buckets) {
  AppendList(out, buckets, [&](const NativeSum::Bucket& bucket) {
    out.Append('[');
    Append(out, static_cast<double>(bucket.key));
    out.Append(',');
    Append(out, bucket.count);
    out.Append(']');
  });
}

// `lead` are the bytes in front of the value, from the end of the one before.
template <typename Value>
void AppendField(TextBuffer& out, std::string_view lead, const Value& value) {
  out.Append(lead);
  Append(out, value);
}

void AppendNative(TextBuffer& out, const NativeSum& native) {
  AppendField(out, ",\"native\":{\"schema\":", static_cast<double>(native.schema()));
  AppendField(out, ",\"zeroThreshold\":", native.zero_threshold());
  AppendField(out, ",\"zeroCount\":", native.zero_count());
  AppendField(out, ",\"positive\":", native.positive());
  AppendField(out, ",\"negative\":", native.negative());
  out.Append('}');
}

void AppendSeries(TextBuffer& out, const Merge& merge, const MergedFamily& family, uint32_t index) {
  AppendJsonLabels(out, merge.plan().identity(index));
  AppendField(out, ",\"values\":",
              std::span(merge.totals().values(merge.plan().series()[index]), family.value_count));
  double created_ms = merge.plan().identity(index).created_ms;
  if (created_ms > 0) AppendField(out, ",\"created\":", created_ms);
  if (const NativeSum* native = merge.totals().native(index)) AppendNative(out, *native);
  if (auto exemplars = merge.totals().exemplars(index); !exemplars.empty()) {
    out.Append(",\"exemplars\":");
    AppendList(out, exemplars, [&](const Exemplar& exemplar) {
      AppendField(out, "{\"bucket\":", static_cast<double>(exemplar.bucket));
      AppendField(out, ",\"value\":", exemplar.value());
      AppendField(out, ",\"time\":", exemplar.time());
      AppendField(out, ",\"labels\":", exemplar.Labels());
      out.Append('}');
    });
  }
  out.Append("},\n");
}

}  // namespace

void AppendJsonFamily(TextBuffer& out, const FamilyRecord& definition) {
  AppendField(out, "{\"name\":", definition.name);
  AppendField(out, ",\"help\":", definition.help);
  AppendField(out, ",\"type\":", kTypeNames[definition.type]);
  if (!definition.unit.empty()) AppendField(out, ",\"unit\":", definition.unit);
  AppendField(out, ",\"mode\":", kMergeModeNames[definition.merge_mode]);
  AppendField(out, ",\"bounds\":", std::span(definition.bounds));
  out.Append("},\n");
}

void AppendJsonLabels(TextBuffer& out, const MergedIdentity& series) {
  AppendField(out, "{\"labels\":", series.labels);
  AppendField(out, ",\"defaults\":", series.defaults);
}

void RenderJson(const Merge& merge, const FamilyNames& names, TextBuffer& out) {
  for (const MergedFamily* family : merge.ShownFamilies(names)) {
    AppendJsonFamily(out, family->definition);
    for (uint32_t index : merge.ShownSeries(*family)) AppendSeries(out, merge, *family, index);
  }
}

}  // namespace prom
