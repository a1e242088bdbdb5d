#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "format/names.h"
#include "render/render.h"

namespace prom {
namespace {

using layout::MetricType;

std::string JsNumber(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatJsNumber(text, value));
}

// Copies 32 bytes at a time: it reads and writes up to 31 bytes after them.
char* PutPadded(char* to, const char* from, size_t length) {
  for (size_t i = 0; i < length; i += 32) std::memcpy(to + i, from + i, 32);
  return to + length;
}
static_assert(Merge::kTextPadding >= 31);

constexpr int kNoBucket = -1;

// One line of every series of a family.
struct Line {
  Line(std::string text, bool is_open, uint32_t value_index, int of_bucket)
      : lead(std::move(text)), length(lead.size()), open(is_open), value(value_index), bucket(of_bucket) {
    lead.append(Merge::kTextPadding, '\0');
  }
  std::string lead;  // up to the labels, with padding
  size_t length;
  bool open;  // `lead` ends with a label, and so inside the braces
  uint32_t value;
  int bucket;  // of its exemplar
};

class FamilyRenderer {
 public:
  FamilyRenderer(const Merge& merge, const MergedFamily& family, bool open_metrics, TextBuffer& out)
      : merge_(merge),
        definition_(family.definition),
        name_(family.definition.name),
        exemplars_(open_metrics),
        out_(out) {
    std::string suffix;
    // As in prom-client, the samples of a counter end in _total and its family does not.
    if (open_metrics && definition_.type == MetricType::kCounter) {
      if (name_.ends_with("_total")) name_.resize(name_.size() - 6);
      suffix = "_total";
    }
    auto bounds = static_cast<uint32_t>(definition_.bounds.size());
    switch (definition_.type) {
      case MetricType::kCounter:
      case MetricType::kGauge:
        AddLine(suffix, 0, 0);
        break;
      case MetricType::kHistogram:
        for (uint32_t i = 0; i < bounds; i++) AddBucket(JsNumber(definition_.bounds[i]), i);
        AddBucket("+Inf", bounds);
        AddLine("_sum", 0);
        AddLine("_count", bounds + 1);
        break;
      case MetricType::kSummary:
        for (uint32_t i = 0; i < bounds; i++) {
          lines_.emplace_back('\n' + name_ + "{quantile=\"" + JsNumber(definition_.bounds[i]) + '"', true, i,
                              kNoBucket);
        }
        AddLine("_sum", bounds);
        AddLine("_count", bounds + 1);
        break;
    }
    for (const Line& line : lines_) most_ += line.lead.size();
  }

  void AppendHead() { prom::AppendHead(out_, name_, definition_.help, kTypeNames[definition_.type]); }

  void Append(uint32_t index) {
    const MergedSeries& series = merge_.series()[index];
    const double* values = merge_.values(series);
    std::string_view labels = merge_.text(series);
    bool bare = labels.size() == 1;
    bool is_ascii = merge_.texts_are_ascii();  // names that are not ASCII were in the head already
    std::span<const Exemplar> exemplars;
    if (exemplars_) exemplars = merge_.exemplars(index);
    size_t most = most_ + lines_.size() * (labels.size() + Merge::kTextPadding + kMaxNumberLength);
    char* to = out_.Claim(most);
    for (const Line& line : lines_) {
      to = PutPadded(to, line.lead.data(), line.length);
      if (line.open && bare) *to++ = '}';
      char* brace = to;
      to = PutPadded(to, labels.data(), labels.size());
      if (line.open && !bare) *brace = ',';
      to = FormatSample(to, values[line.value]);
      if (!exemplars.empty() && line.bucket != kNoBucket) {
        out_.Commit(to, is_ascii);
        AppendExemplar(exemplars, static_cast<uint32_t>(line.bucket));
        to = out_.Claim(most);
      }
    }
    out_.Commit(to, is_ascii);
  }

 private:
  void AddLine(const std::string& suffix, uint32_t value, int bucket = kNoBucket) {
    lines_.emplace_back('\n' + name_ + suffix, false, value, bucket);
  }

  void AddBucket(const std::string& bound, uint32_t bucket) {
    lines_.emplace_back('\n' + name_ + "_bucket{le=\"" + bound + '"', true, bucket + 1,
                        static_cast<int>(bucket));
  }

  void AppendExemplar(std::span<const Exemplar> exemplars, uint32_t bucket) {
    for (const Exemplar& exemplar : exemplars) {
      if (exemplar.bucket != bucket) continue;
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
  std::string name_;
  bool exemplars_;
  TextBuffer& out_;
  std::vector<Line> lines_;
  size_t most_ = 0;  // bytes of a series without its labels and numbers
};

}  // namespace

void RenderText(const Merge& merge, bool open_metrics, const std::optional<std::string>& name,
                const GroupStats* stats, TextBuffer& out) {
  bool first = true;
  auto separate = [&] {
    if (!first) out.Append(open_metrics ? "\n" : "\n\n");
    first = false;
  };
  for (const MergedFamily* family : merge.ShownFamilies(name)) {
    separate();
    FamilyRenderer renderer(merge, *family, open_metrics, out);
    renderer.AppendHead();
    for (uint32_t index : merge.ShownSeries(*family)) renderer.Append(index);
  }
  if (name) return;
  if (stats != nullptr) AppendSelfMetrics(*stats, open_metrics, separate, out);
  out.Append(open_metrics ? "\n# EOF\n" : "\n");
}

}  // namespace prom
