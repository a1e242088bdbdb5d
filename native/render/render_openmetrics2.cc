// https://github.com/prometheus/docs/blob/main/docs/specs/om/open_metrics_spec_2_0.md
#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/names.h"
#include "merge/label_text.h"
#include "render/bucket_spans.h"
#include "render/text_parts.h"

namespace prom {
namespace {

using layout::MetricType;

void AppendNumber(TextBuffer& out, double value) {
  std::isnan(value) ? out.AppendJsNumber(value) : out.AppendSample(value);
}

// A bound or quantile that is shown, and its text with the colon after it, which is the same in each series.
struct ShownBound {
  uint32_t index;
  double value;
  std::string text;
};

ShownBound BoundOf(const FamilyRecord& definition, uint32_t index) {
  char text[kMaxNumberLength];
  double value = definition.bounds[index];
  return {index, value, std::string(text, FormatCanonical(text, value)) + ':'};
}

// The sample lines of a family.
class FamilyRenderer {
 public:
  FamilyRenderer(const Merge& merge, const MergedFamily& family, Escaping escaping, TextBuffer& out)
      : merge_(merge),
        definition_(family.definition),
        escaping_(escaping),
        name_(EscapedFamily(family, escaping)),
        quoted_(!IsLegacyName(name_, NameKind::kMetric)),
        lead_(quoted_ ? '{' + Quoted(name_) : name_),
        out_(out) {
    if (definition_.type != MetricType::kSummary && definition_.type != MetricType::kHistogram) return;
    std::vector<bool> shown = ShownBounds(definition_);
    for (uint32_t i = 0; i < shown.size(); i++) {
      if (shown[i]) shown_.push_back(BoundOf(definition_, i));
    }
    std::sort(shown_.begin(), shown_.end(),
              [](const ShownBound& a, const ShownBound& b) { return a.value < b.value; });
  }

  void AppendHead() {
    prom::AppendHead(out_, Format::kOpenMetrics2, name_, definition_.help, kTypeNames[definition_.type],
                     definition_.unit);
    out_.Append('\n');
  }

  void Append(uint32_t index) {
    const double* values = merge_.totals().values(merge_.plan().series()[index]);
    if (!IsAllowed(values)) return;
    AppendLead(index);
    switch (definition_.type) {
      case MetricType::kCounter:
      case MetricType::kGauge:
        AppendNumber(out_, values[0]);
        break;
      case MetricType::kSummary:
        AppendSummary(values);
        break;
      case MetricType::kHistogram:
        AppendHistogram(index, values);
        break;
    }
    if (definition_.type != MetricType::kGauge) {
      AppendStart(merge_.plan().identity(index).created_ms);
      if (definition_.type != MetricType::kSummary) AppendExemplars(index);
    }
    out_.Append('\n');
  }

 private:
  // Counters, and counts and sums of summaries, are neither negative nor no number.
  bool IsAllowed(const double* values) const {
    if (definition_.type == MetricType::kCounter) return values[0] >= 0;
    size_t quantiles = definition_.bounds.size();
    return definition_.type != MetricType::kSummary || (values[quantiles] >= 0 && values[quantiles + 1] >= 0);
  }

  void AppendLead(uint32_t index) {
    std::string memory;
    std::string_view labels = AcceptsLabels(merge_, escaping_, true)
                                  ? merge_.text(merge_.plan().series()[index])
                                  : EscapedLabels(merge_, index, definition_.type, escaping_, true, memory);
    bool bare = labels.size() == 1;
    out_.Append(lead_);
    if (quoted_) out_.Append(bare ? '}' : ',');
    out_.Append(quoted_ && !bare ? labels.substr(1) : labels);
  }

  void AppendSummary(const double* values) {
    size_t quantiles = definition_.bounds.size();
    double count = values[quantiles + 1];
    AppendCountAndSum(count, values[quantiles]);
    AppendList(",quantile:[", shown_, [&](const ShownBound& quantile) {
      double value = count == 0 ? NAN : values[quantile.index];
      if (value < 0) return false;
      out_.Append(quantile.text);
      AppendNumber(out_, value);
      return true;
    });
    out_.Append('}');
  }

  // The count is that of either kind of buckets. An observation that is half written is in exponential ones only; where there are
  // more in the classic ones, some process has no others, and these would contradict the count.
  void AppendHistogram(uint32_t index, const double* values) {
    const NativeSum* native = merge_.totals().native(index);
    size_t bounds = definition_.bounds.size();
    double classic_count = values[bounds + 1];
    double count = native != nullptr ? native->count() : classic_count;
    AppendCountAndSum(count, values[0]);
    if (native != nullptr) AppendNative(*native);
    bool has_classic = native == nullptr || (!shown_.empty() && classic_count <= count);
    if (has_classic) {
      out_.Append(",bucket:[");
      for (const ShownBound& bound : shown_) {
        out_.Append(bound.text);
        AppendNumber(out_, values[bound.index + 1]);
        out_.Append(',');
      }
      out_.Append("+Inf:");
      AppendNumber(out_, count);
      out_.Append(']');
    }
    out_.Append('}');
  }

  void AppendCountAndSum(double count, double sum) {
    out_.Append("{count:");
    AppendNumber(out_, count);
    out_.Append(",sum:");
    AppendNumber(out_, sum);
  }

  void AppendNative(const NativeSum& native) {
    out_.Append(",schema:");
    AppendNumber(out_, native.schema());
    out_.Append(",zero_threshold:");
    AppendNumber(out_, native.zero_threshold());
    out_.Append(",zero_count:");
    AppendNumber(out_, native.zero_count());
    AppendBuckets("negative", native.negative());
    AppendBuckets("positive", native.positive());
  }

  void AppendBuckets(std::string_view sign, const std::vector<NativeSum::Bucket>& buckets) {
    if (buckets.empty()) return;
    BucketSpans all = SpansOf(buckets, 1);
    AppendList("," + std::string(sign) + "_spans:[", all.spans, [&](const BucketSpan& span) {
      AppendNumber(out_, span.offset);
      out_.Append(':');
      AppendNumber(out_, span.length);
      return true;
    });
    AppendList("," + std::string(sign) + "_buckets:[", all.counts, [&](double count) {
      AppendNumber(out_, count);
      return true;
    });
  }

  // `append` returns whether it has appended the item.
  template <typename Range, typename Append>
  void AppendList(std::string_view lead, const Range& range, Append append) {
    out_.Append(lead);
    size_t start = out_.size();
    size_t end = start;
    for (const auto& item : range) {
      if (end > start) out_.Append(',');
      if (append(item)) end = out_.size();
      // The comma of an item that was left out.
      out_.Commit(out_.view().data() + end);
    }
    out_.Append(']');
  }

  void AppendStart(double created_ms) {
    if (!(created_ms > 0)) return;
    out_.Append(" st@");
    AppendNumber(out_, Seconds(created_ms));
  }

  void AppendExemplars(uint32_t index) {
    auto exemplars = merge_.totals().exemplars(index);
    std::vector<Exemplar> sorted(exemplars.begin(), exemplars.end());
    std::sort(sorted.begin(), sorted.end(),
              [](const Exemplar& a, const Exemplar& b) { return a.bucket < b.bucket; });
    for (const Exemplar& exemplar : sorted) {
      std::vector<Label> labels = exemplar.Labels();
      bool readable =
          escaping_ == Escaping::kUtf8 || std::all_of(labels.begin(), labels.end(), [](const Label& label) {
            return IsLegacyName(label.name, NameKind::kLabel);
          });
      if (!readable) continue;
      std::string text;
      AppendLabels(text, labels, {}, Escaping::kUtf8);
      out_.Append(" # {");
      out_.Append(text);
      out_.Append("} ");
      AppendNumber(out_, exemplar.value());
      out_.Append(' ');
      AppendNumber(out_, exemplar.time());
    }
  }

  const Merge& merge_;
  const FamilyRecord& definition_;
  const Escaping escaping_;
  const std::string name_;
  const bool quoted_;              // the name stands inside the braces of the labels
  const std::string lead_;         // the line up to the labels
  std::vector<ShownBound> shown_;  // ascending
  TextBuffer& out_;
};

}  // namespace

void RenderOpenMetrics2(const Merge& merge, Escaping escaping, const FamilyNames& names,
                        const GroupStats& stats, TextBuffer& out) {
  std::set<std::string> shown;
  for (const MergedFamily* family : merge.ShownFamilies(names)) {
    if (!shown.insert(EscapedFamily(*family, escaping)).second) continue;
    FamilyRenderer renderer(merge, *family, escaping, out);
    renderer.AppendHead();
    for (uint32_t index : merge.ShownSeries(*family)) renderer.Append(index);
  }
  for (const SelfFamily& family : SelfMetrics(stats, names)) {
    AppendSelfFamily(family, Format::kOpenMetrics2, escaping, out);
    out.Append('\n');
  }
  out.Append("# EOF\n");
}

}  // namespace prom
