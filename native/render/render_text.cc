#include <cmath>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "format/names.h"
#include "merge/label_text.h"
#include "render/text_parts.h"

namespace prom {
namespace {

using layout::MetricType;

// Copies 32 bytes at a time: it reads and writes up to 31 bytes after them.
char* PutPadded(char* to, const char* from, size_t length) {
  for (size_t i = 0; i < length; i += 32) std::memcpy(to + i, from + i, 32);
  return to + length;
}
static_assert(Merge::kTextPadding >= 31);

// One line of every series of a family.
struct Line {
  enum class Kind { kValue, kBucket, kSum, kCount, kQuantile, kCreated };
  Kind kind;
  std::string lead;  // up to the labels, with padding
  size_t length;
  bool open;  // `lead` ends with a label, and so inside the braces
  uint32_t value;
  int bucket;  // of its exemplar
};

class FamilyRenderer {
 public:
  // `names` are those of all families.
  FamilyRenderer(const Merge& merge, const MergedFamily& family, Format format, Escaping escaping,
                 const std::set<std::string>& names, TextBuffer& out)
      : merge_(merge),
        definition_(family.definition),
        format_(format),
        escaping_(escaping),
        exact_(IsExact(format)),
        accepts_labels_(AcceptsLabels(merge, escaping, exact_)),
        quoted_(!IsLegacyName(EscapedFamily(family, escaping), NameKind::kMetric)),
        name_(EscapedFamily(family, escaping)),
        type_(kTypeNames[definition_.type]),
        out_(out) {
    using enum Line::Kind;
    std::string suffix;
    if (definition_.type == MetricType::kCounter && format != Format::kText) suffix = NameCounter(names);
    auto bounds = static_cast<uint32_t>(definition_.bounds.size());
    bool negative = bounds > 0 && definition_.bounds[0] < 0;
    std::vector<bool> shown = exact_ ? ShownBounds(definition_) : std::vector<bool>(bounds, true);
    switch (definition_.type) {
      case MetricType::kCounter:
      case MetricType::kGauge:
        // OpenMetrics allows exemplars of counters and buckets only.
        AddLine(kValue, suffix, 0, exact_ && type_ == "unknown" ? kNoBucket : 0);
        break;
      case MetricType::kHistogram:
        for (uint32_t i = 0; i < bounds; i++) {
          if (shown[i]) AddBucket(Bound(definition_.bounds[i]), i);
        }
        AddBucket("+Inf", bounds);
        // OpenMetrics allows neither beside negative bounds: the sum could fall.
        if (exact_ && negative) break;
        AddLine(kSum, "_sum", 0);
        AddLine(kCount, "_count", bounds + 1);
        break;
      case MetricType::kSummary:
        for (uint32_t i = 0; i < bounds; i++) {
          if (shown[i]) AddLine(kQuantile, "{quantile=\"" + Bound(definition_.bounds[i]) + '"', i);
        }
        AddLine(kSum, "_sum", bounds);
        AddLine(kCount, "_count", bounds + 1);
        break;
    }
    // Beside a family of this name there would be two samples of one name.
    bool has_start = type_ != "unknown" && type_ != "gauge" && !names.contains(name_ + "_created");
    if (format == Format::kOpenMetricsCreated && has_start) AddLine(kCreated, "_created", 0);
    for (const Line& line : lines_) most_ += line.lead.size();
  }

  void AppendHead() { prom::AppendHead(out_, format_, name_, definition_.help, type_, definition_.unit); }

  void Append(uint32_t index) {
    const MergedSeries& series = merge_.plan().series()[index];
    const double* values = merge_.totals().values(series);
    std::string escaped;
    std::string_view labels = merge_.text(series);
    if (!accepts_labels_) labels = EscapedLabels(merge_, index, definition_.type, escaping_, exact_, escaped);
    bool bare = labels.size() == 1;
    bool is_ascii = merge_.texts_are_ascii();  // names that are not ASCII were in the head already
    std::span<const Exemplar> exemplars;
    if (format_ != Format::kText) exemplars = merge_.totals().exemplars(index);
    size_t most = most_ + lines_.size() * (labels.size() + Merge::kTextPadding + kMaxNumberLength);
    char* to = out_.Claim(most);
    for (const Line& line : lines_) {
      double value = values[line.value];
      if (exact_ && !IsAllowed(line, index, values, value)) continue;
      to = PutPadded(to, line.lead.data(), line.length);
      if (line.open && bare) *to++ = '}';
      char* brace = to;
      to = PutPadded(to, labels.data(), labels.size());
      if (line.open && !bare) *brace = ',';
      to = exact_ && std::isnan(value) ? FormatJsNumber(to, value) : FormatSample(to, value);
      if (!exemplars.empty() && line.bucket != kNoBucket) {
        out_.Commit(to, is_ascii);
        AppendExemplar(exemplars, static_cast<uint32_t>(line.bucket));
        to = out_.Claim(most);
      }
    }
    out_.Commit(to, is_ascii);
  }

 private:
  // The samples of a counter end in _total, its family does not. Returns the suffix of the samples.
  std::string NameCounter(const std::set<std::string>& names) {
    bool total = name_.ends_with("_total");
    std::string family = total ? name_.substr(0, name_.size() - 6) : name_;
    // prom-client adds the suffix to other names. A series keeps its name in all exact formats: without the suffix, or
    // beside another family that has its name, it is no counter of OpenMetrics.
    if (exact_ &&
        (!total || family.empty() || names.contains(family) || names.contains(family + "_created"))) {
      type_ = "unknown";
      return "";
    }
    name_ = family;
    return "_total";
  }

  // Whether OpenMetrics allows the sample. Quantiles of no observations become NaN, a start time is none of the values.
  bool IsAllowed(const Line& line, uint32_t index, const double* values, double& value) const {
    using enum Line::Kind;
    bool histogram = definition_.type == MetricType::kHistogram;
    switch (line.kind) {
      case kValue:
        return definition_.type == MetricType::kGauge || value >= 0;
      case kBucket:
        return true;
      case kSum:
        return value >= 0;
      case kCount:  // of a histogram: only beside a sum
        return !histogram || values[0] >= 0;
      case kQuantile:
        if (values[definition_.bounds.size() + 1] == 0) value = NAN;
        return !(value < 0);
      case kCreated:
        value = Seconds(merge_.plan().identity(index).created_ms);
        return value > 0 && (definition_.type != MetricType::kCounter || values[0] >= 0);
    }
    return true;
  }

  std::string Bound(double bound) const {
    char text[kMaxNumberLength];
    return std::string(text, exact_ ? FormatCanonical(text, bound) : FormatJsNumber(text, bound));
  }

  void AddLine(Line::Kind kind, const std::string& suffix, uint32_t value, int bucket = kNoBucket) {
    std::string lead = '\n' + name_ + suffix;
    if (quoted_) {
      size_t brace = suffix.find('{');
      lead = "\n{" + Quoted(name_ + suffix.substr(0, brace));
      if (brace != std::string::npos) lead += ',' + suffix.substr(brace + 1);
    }
    size_t length = lead.size();
    lead.append(Merge::kTextPadding, '\0');
    lines_.push_back({kind, std::move(lead), length, quoted_ || suffix.ends_with('"'), value, bucket});
  }

  void AddBucket(const std::string& bound, uint32_t bucket) {
    AddLine(Line::Kind::kBucket, "_bucket{le=\"" + bound + '"', bucket + 1, static_cast<int>(bucket));
  }

  void AppendExemplar(std::span<const Exemplar> exemplars, uint32_t bucket) {
    for (const Exemplar& exemplar : exemplars) {
      if (exemplar.bucket != bucket || (exact_ && !exemplar.IsOpenMetrics())) continue;
      std::string labels;
      AppendLabels(labels, exemplar.Labels());
      out_.Append(" # {");
      out_.Append(labels);
      out_.Append("} ");
      out_.AppendSample(exemplar.value());
      out_.Append(' ');
      out_.AppendSample(exemplar.time());
    }
  }

  const Merge& merge_;
  const FamilyRecord& definition_;
  Format format_;
  Escaping escaping_;
  bool exact_;
  bool accepts_labels_;
  bool quoted_;  // the name stands in quotation marks, that of a sample inside the braces
  std::string name_;
  std::string_view type_;
  TextBuffer& out_;
  std::vector<Line> lines_;
  size_t most_ = 0;  // bytes of a series without its labels and numbers
};

}  // namespace

void Render(const Merge& merge, Format format, Escaping escaping, const FamilyNames& names,
            const GroupStats& stats, TextBuffer& out) {
  if (format == Format::kJson) {
    RenderJson(merge, names, out);
  } else if (format == Format::kProtobuf) {
    RenderProtobuf(merge, escaping, names, stats, out);
  } else if (format == Format::kOpenMetrics2) {
    RenderOpenMetrics2(merge, escaping, names, stats, out);
  } else {
    RenderText(merge, format, escaping, names, &stats, out);
  }
}

void RenderText(const Merge& merge, Format format, Escaping escaping, const FamilyNames& names,
                const GroupStats* stats, TextBuffer& out) {
  bool first = true;
  auto separate = [&] {
    if (!first) out.Append(format == Format::kText ? "\n\n" : "\n");
    first = false;
  };
  std::set<std::string> all;
  for (const MergedFamily& family : merge.plan().families()) all.insert(EscapedFamily(family, escaping));
  std::set<std::string> shown;
  for (const MergedFamily* family : merge.ShownFamilies(names)) {
    if (!shown.insert(EscapedFamily(*family, escaping)).second) continue;
    separate();
    FamilyRenderer renderer(merge, *family, format, escaping, all, out);
    renderer.AppendHead();
    for (uint32_t index : merge.ShownSeries(*family)) renderer.Append(index);
  }
  if (stats != nullptr) {
    for (const SelfFamily& family : SelfMetrics(*stats, names)) {
      separate();
      AppendSelfFamily(family, format, escaping, out);
    }
  }
  // prom-client has the line feed also where there is no family.
  if (!first || !IsExact(format)) out.Append('\n');
  if (format != Format::kText) out.Append("# EOF\n");
}

}  // namespace prom
