#include "render_text.h"

#include "names.h"

namespace prom {
namespace {

using layout::MetricType;

std::string JsNumber(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatJsNumber(text, value));
}

void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type) {
  std::string escaped;
  AppendEscaped(escaped, help);
  out.Append("# HELP ");
  out.Append(name);
  out.Append(' ');
  out.Append(escaped);
  out.Append("\n# TYPE ");
  out.Append(name);
  out.Append(' ');
  out.Append(type);
}

class FamilyRenderer {
 public:
  FamilyRenderer(const MergedFamily& family, TextBuffer& out) : definition_(family.definition), out_(out) {
    if (definition_.type == MetricType::kHistogram) {
      for (double bound : definition_.bounds) leading_.push_back("_bucket{le=\"" + JsNumber(bound) + '"');
      leading_.push_back("_bucket{le=\"+Inf\"");
    } else if (definition_.type == MetricType::kSummary) {
      for (double quantile : definition_.bounds)
        leading_.push_back("{quantile=\"" + JsNumber(quantile) + '"');
    }
  }

  void Append(const MergedSeries& series, const double* values) {
    switch (definition_.type) {
      case MetricType::kCounter:
      case MetricType::kGauge:
        AppendLine("", series.text, values[0]);
        break;
      case MetricType::kHistogram: {
        size_t buckets = leading_.size();
        for (size_t i = 0; i < buckets; i++) AppendLeading(leading_[i], series.text, values[i + 1]);
        AppendLine("_sum", series.text, values[0]);
        AppendLine("_count", series.text, values[buckets]);
        break;
      }
      case MetricType::kSummary: {
        size_t quantiles = leading_.size();
        for (size_t i = 0; i < quantiles; i++) AppendLeading(leading_[i], series.text, values[i]);
        AppendLine("_sum", series.text, values[quantiles]);
        AppendLine("_count", series.text, values[quantiles + 1]);
        break;
      }
    }
  }

 private:
  void AppendLine(std::string_view suffix, const std::string& labels, double value) {
    out_.Append('\n');
    out_.Append(definition_.name);
    out_.Append(suffix);
    if (!labels.empty()) {
      out_.Append('{');
      out_.Append(labels);
      out_.Append('}');
    }
    out_.Append(' ');
    out_.AppendSample(value);
  }

  // `leading` opens the braces with the label that comes first.
  void AppendLeading(std::string_view leading, const std::string& labels, double value) {
    out_.Append('\n');
    out_.Append(definition_.name);
    out_.Append(leading);
    if (!labels.empty()) {
      out_.Append(',');
      out_.Append(labels);
    }
    out_.Append("} ");
    out_.AppendSample(value);
  }

  const FamilyRecord& definition_;
  TextBuffer& out_;
  std::vector<std::string> leading_;
};

constexpr std::string_view kSkippedName = "prom_client_mmap_skipped_files";

void AppendSkipped(const GroupStats& stats, TextBuffer& out) {
  AppendHead(out, kSkippedName, "Files in the group's directory that were not read, by reason.", "gauge");
  for (auto [reason, count] : stats.skipped) {
    out.Append('\n');
    out.Append(kSkippedName);
    out.Append("{reason=\"");
    out.Append(SkipReasonName(reason));
    out.Append("\"} ");
    out.AppendSample(count);
  }
}

}  // namespace

void RenderText(const Merge& merge, const std::optional<std::string>& name, const GroupStats* stats,
                TextBuffer& out) {
  bool first = true;
  auto separate = [&] {
    if (!first) out.Append("\n\n");
    first = false;
  };
  for (const MergedFamily& family : merge.families()) {
    if (family.omitted || (name && family.definition.name != *name)) continue;
    separate();
    AppendHead(out, family.definition.name, family.definition.help, kTypeNames[family.definition.type]);
    FamilyRenderer renderer(family, out);
    for (uint32_t index : family.series) {
      const MergedSeries& series = merge.series()[index];
      if (series.present) renderer.Append(series, merge.values(series));
    }
  }
  if (name) return;
  if (stats != nullptr && !stats->skipped.empty()) {
    separate();
    AppendSkipped(*stats, out);
  }
  out.Append('\n');
}

}  // namespace prom
