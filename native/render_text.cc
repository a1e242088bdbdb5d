#include "render_text.h"

#include "names.h"
#include "self_metrics.h"

namespace prom {
namespace {

using layout::MetricType;

std::string JsNumber(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatJsNumber(text, value));
}

class FamilyRenderer {
 public:
  FamilyRenderer(const MergedFamily& family, TextFormat format, TextBuffer& out)
      : definition_(family.definition),
        name_(family.definition.name),
        exemplars_(format == TextFormat::kOpenMetrics),
        out_(out) {
    // As prom-client does it: whatever a counter is called, its samples end in _total and its family does not.
    if (format == TextFormat::kOpenMetrics && definition_.type == MetricType::kCounter) {
      if (name_.ends_with("_total")) name_.resize(name_.size() - 6);
      suffix_ = "_total";
    }
    if (definition_.type == MetricType::kHistogram) {
      for (double bound : definition_.bounds) leading_.push_back("_bucket{le=\"" + JsNumber(bound) + '"');
      leading_.push_back("_bucket{le=\"+Inf\"");
    } else if (definition_.type == MetricType::kSummary) {
      for (double quantile : definition_.bounds)
        leading_.push_back("{quantile=\"" + JsNumber(quantile) + '"');
    }
  }

  void AppendHead() { prom::AppendHead(out_, name_, definition_.help, kTypeNames[definition_.type]); }

  void Append(const MergedSeries& series, const double* values) {
    switch (definition_.type) {
      case MetricType::kCounter:
      case MetricType::kGauge:
        AppendLine(suffix_, series.text, values[0]);
        AppendExemplar(series, 0);
        break;
      case MetricType::kHistogram: {
        size_t buckets = leading_.size();
        for (size_t i = 0; i < buckets; i++) {
          AppendLeading(leading_[i], series.text, values[i + 1]);
          AppendExemplar(series, i);
        }
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
    out_.Append(name_);
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
    out_.Append(name_);
    out_.Append(leading);
    if (!labels.empty()) {
      out_.Append(',');
      out_.Append(labels);
    }
    out_.Append("} ");
    out_.AppendSample(value);
  }

  void AppendExemplar(const MergedSeries& series, size_t bucket) {
    if (!exemplars_) return;
    for (const MergedExemplar& exemplar : series.exemplars) {
      if (exemplar.bucket != bucket) continue;
      std::string labels;
      AppendLabels(labels, exemplar.labels);
      out_.Append(" # {");
      out_.Append(labels);
      out_.Append("} ");
      out_.AppendSample(exemplar.value);
      out_.Append(' ');
      out_.AppendSample(exemplar.time);
    }
  }

  const FamilyRecord& definition_;
  std::string name_;
  std::string_view suffix_;
  bool exemplars_;
  TextBuffer& out_;
  std::vector<std::string> leading_;
};

}  // namespace

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

void RenderText(const Merge& merge, TextFormat format, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out) {
  bool open_metrics = format == TextFormat::kOpenMetrics;
  bool first = true;
  auto separate = [&] {
    if (!first) out.Append(open_metrics ? "\n" : "\n\n");
    first = false;
  };
  for (const MergedFamily& family : merge.families()) {
    if (family.omitted || (name && family.definition.name != *name)) continue;
    separate();
    FamilyRenderer renderer(family, format, out);
    renderer.AppendHead();
    for (uint32_t index : family.series) {
      const MergedSeries& series = merge.series()[index];
      if (series.present) renderer.Append(series, merge.values(series));
    }
  }
  if (name) return;
  if (stats != nullptr) AppendSelfMetrics(*stats, open_metrics, separate, out);
  out.Append(open_metrics ? "\n# EOF\n" : "\n");
}

}  // namespace prom
