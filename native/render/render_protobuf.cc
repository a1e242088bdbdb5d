// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto, delimited.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "render/bucket_spans.h"
#include "render/protobuf_writer.h"
#include "render/render.h"
#include "render/text_parts.h"

namespace prom {
namespace {

using layout::MetricType;
using namespace protobuf;

// The numbers of fields and types.
enum Family : uint32_t { kName = 1, kHelp = 2, kType = 3, kMetric = 4, kUnit = 5 };
enum Metric : uint32_t { kLabel = 1, kGauge = 2, kCounter = 3, kSummary = 4, kHistogram = 7 };
enum Counter : uint32_t { kCounterExemplar = 2, kCounterCreated = 3 };
enum Summary : uint32_t { kSummaryCount = 1, kSummarySum = 2, kQuantile = 3, kSummaryCreated = 4 };
enum Histogram : uint32_t {
  kSampleCount = 1,
  kSampleSum = 2,
  kBucket = 3,
  kSchema = 5,
  kZeroThreshold = 6,
  kZeroCount = 7,
  kNegativeSpan = 9,
  kNegativeDelta = 10,
  kPositiveSpan = 12,
  kPositiveDelta = 13,
  kCreated = 15,
  kExemplars = 16,
};
enum Exemplars : uint32_t { kExemplarLabel = 1, kExemplarValue = 2, kExemplarTime = 3 };

// MetricType of the protocol.
uint64_t TypeNumber(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return 0;
    case MetricType::kGauge:
      return 1;
    case MetricType::kSummary:
      return 2;
    case MetricType::kHistogram:
      return 4;
  }
  return 3;  // untyped
}

uint64_t Count(double value) { return value > 0 ? static_cast<uint64_t>(std::min(value, 0x1p63) + 0.5) : 0; }

void AppendTime(Writer& out, uint32_t field, double milliseconds) {
  double seconds = std::floor(milliseconds / 1000);
  if (!(seconds > 0 && seconds < 0x1p53)) return;
  out.Inner(field, [&] {
    out.Unsigned(1, static_cast<uint64_t>(seconds));
    out.Unsigned(2, static_cast<uint64_t>((milliseconds - seconds * 1000) * 1e6));
  });
}

char* PutLabel(char* to, uint32_t field, std::string_view name, std::string_view text) {
  to = PutVarint(PutTag(to, field, 2), LengthOf(name) + LengthOf(text));
  return PutText(PutText(to, 1, name), 2, text);
}

// Room for a label.
size_t MostOf(std::string_view name, std::string_view text) {
  return kMostTag + kMostVarint + LengthOf(name) + LengthOf(text);
}

void AppendLabel(Writer& out, uint32_t field, std::string_view name, std::string_view text) {
  out.Commit(PutLabel(out.Claim(MostOf(name, text)), field, name, text));
}

void AppendExemplar(Writer& out, uint32_t field, const Exemplar& exemplar) {
  out.Inner(field, [&] {
    for (const Label& label : exemplar.Labels()) AppendLabel(out, kExemplarLabel, label.name, label.text);
    out.Double(kExemplarValue, exemplar.value());
    AppendTime(out, kExemplarTime, exemplar.time() * 1000);
  });
}

const Exemplar* ExemplarOf(std::span<const Exemplar> exemplars, size_t bucket) {
  for (const Exemplar& exemplar : exemplars) {
    if (exemplar.bucket == bucket) return &exemplar;
  }
  return nullptr;
}

void AppendBucket(Writer& out, uint64_t count, double bound, const Exemplar& exemplar) {
  out.Inner(kBucket, [&] {
    out.Unsigned(1, count);
    out.Double(2, bound);
    AppendExemplar(out, 3, exemplar);
  });
}

constexpr size_t kMostBucket = 1 + 1 + 1 + kMostVarint + 1 + sizeof(double);

char* PutBucket(char* to, uint64_t count, double bound) {
  to = PutVarint(PutTag(to, kBucket, 2), 1 + VarintLength(count) + 1 + sizeof bound);
  to = PutVarint(PutTag(to, 1, 0), count);
  return PutDouble(to, 2, bound);
}

// Spans of consecutive buckets, and the differences of their counts. As in client_golang, gaps of up to two empty buckets are
// cheaper than another span.
void AppendBuckets(Writer& out, const std::vector<NativeSum::Bucket>& buckets, uint32_t span_field,
                   uint32_t delta_field) {
  if (buckets.empty()) return;
  BucketSpans all = SpansOf(buckets, 2);
  for (const BucketSpan& span : all.spans) {
    out.Inner(span_field, [&] {
      out.Signed(1, span.offset);
      out.Unsigned(2, span.length);
    });
  }
  out.Inner(delta_field, [&] {
    int64_t last = 0;
    for (double bucket : all.counts) {
      auto count = static_cast<int64_t>(Count(bucket));
      out.Packed(count - std::exchange(last, count));
    }
  });
}

void AppendNative(Writer& out, const NativeSum& native, std::span<const Exemplar> exemplars) {
  out.Signed(kSchema, native.schema());
  out.Double(kZeroThreshold, native.zero_threshold());
  out.Unsigned(kZeroCount, Count(native.zero_count()));
  AppendBuckets(out, native.negative(), kNegativeSpan, kNegativeDelta);
  AppendBuckets(out, native.positive(), kPositiveSpan, kPositiveDelta);
  bool empty = native.count() == 0 && native.zero_threshold() == 0;
  if (empty) out.Inner(kPositiveSpan, [] {});  // tells that it is a native one
  for (const Exemplar& exemplar : exemplars) AppendExemplar(out, kExemplars, exemplar);
}

class FamilyEncoder {
 public:
  FamilyEncoder(const Merge& merge, const MergedFamily& family, Escaping escaping)
      : merge_(merge), definition_(family.definition), escaping_(escaping), labels_(merge.encoded_labels()) {
    labels_.Begin(escaping);
    // Scrapers decide by the first series whether a family is native: all of them are then.
    for (uint32_t index : family.series) native_ |= merge.totals().native(index) != nullptr;
    if (definition_.type == MetricType::kHistogram) shown_ = ShownBounds(definition_);
  }

  // Appends the series as a field of the family.
  void Append(Writer& out, uint32_t index) {
    out.Inner(kMetric, [&] {
      const MergedIdentity& identity = merge_.plan().identity(index);
      AppendLabels(out, index);
      const double* values = merge_.totals().values(merge_.plan().series()[index]);
      switch (definition_.type) {
        case MetricType::kGauge:
          return out.Inner(kGauge, [&] { out.Double(1, values[0]); });
        case MetricType::kCounter:
          return out.Inner(kCounter, [&] {
            out.Double(1, values[0]);
            for (const Exemplar& exemplar : merge_.totals().exemplars(index)) {
              AppendExemplar(out, kCounterExemplar, exemplar);
            }
            AppendTime(out, kCounterCreated, identity.created_ms);
          });
        case MetricType::kSummary:
          return out.Inner(kSummary, [&] { AppendSummary(out, values, identity.created_ms); });
        case MetricType::kHistogram:
          return out.Inner(kHistogram, [&] { AppendHistogram(out, index, values, identity.created_ms); });
      }
    });
  }

 private:
  void AppendLabels(Writer& out, uint32_t index) {
    std::string_view labels = labels_.Of(index, merge_.plan().series()[index].text,
                                         [&](std::string& bytes) { EncodeLabels(index, bytes); });
    char* to = out.Claim(labels.size());
    out.Commit(std::copy(labels.begin(), labels.end(), to));
  }

  void EncodeLabels(uint32_t index, std::string& bytes) const {
    const MergedIdentity& identity = merge_.plan().identity(index);
    auto append = [&](const Label& label) {
      std::string name = EscapedName(label.name, NameKind::kLabel, escaping_);
      size_t from = bytes.size();
      bytes.resize(from + MostOf(name, label.text));
      char* end = PutLabel(bytes.data() + from, kLabel, name, label.text);
      bytes.resize(static_cast<size_t>(end - bytes.data()));
    };
    for (const Label& label : identity.labels) append(label);
    for (const Label& label : identity.defaults) {
      bool own = std::any_of(identity.labels.begin(), identity.labels.end(),
                             [&](const Label& other) { return other.name == label.name; });
      if (!own) append(label);
    }
  }

  void AppendSummary(Writer& out, const double* values, double created_ms) const {
    size_t quantiles = definition_.bounds.size();
    double count = values[quantiles + 1];
    out.Unsigned(kSummaryCount, Count(count));
    out.Double(kSummarySum, values[quantiles]);
    for (size_t i = 0; i < quantiles; i++) {
      out.Inner(kQuantile, [&] {
        out.Double(1, definition_.bounds[i]);
        out.Double(2, count > 0 ? values[i] : NAN);
      });
    }
    AppendTime(out, kSummaryCreated, created_ms);
  }

  void AppendHistogram(Writer& out, uint32_t index, const double* values, double created_ms) const {
    static const NativeSum kEmpty;
    const NativeSum* native = merge_.totals().native(index);
    std::span<const Exemplar> exemplars = merge_.totals().exemplars(index);
    size_t bounds = definition_.bounds.size();
    // Readers refuse a native histogram whose count is not the sum of its buckets.
    out.Unsigned(kSampleCount, Count(native != nullptr ? native->count() : values[bounds + 1]));
    out.Double(kSampleSum, values[0]);
    char* to = out.Claim(bounds * kMostBucket);
    for (size_t i = 0; i < bounds; i++) {
      if (!shown_[i]) continue;
      const Exemplar* exemplar = ExemplarOf(exemplars, i);
      if (exemplar == nullptr) {
        to = PutBucket(to, Count(values[i + 1]), definition_.bounds[i]);
        continue;
      }
      out.Commit(to);
      AppendBucket(out, Count(values[i + 1]), definition_.bounds[i], *exemplar);
      to = out.Claim((bounds - i) * kMostBucket);
    }
    out.Commit(to);
    // The count tells that of the bucket of +Inf.
    const Exemplar* last = bounds > 0 ? ExemplarOf(exemplars, bounds) : nullptr;
    if (last != nullptr) AppendBucket(out, Count(values[bounds + 1]), INFINITY, *last);
    if (native_) AppendNative(out, native != nullptr ? *native : kEmpty, exemplars);
    AppendTime(out, kCreated, created_ms);
  }

  const Merge& merge_;
  const FamilyRecord& definition_;
  const Escaping escaping_;
  EncodedLabels& labels_;
  bool native_ = false;
  // Whether each bound of a histogram is a bucket: one that comes again would be the same series twice.
  std::vector<bool> shown_;
};

void AppendHead(Writer& out, std::string_view name, std::string_view help, MetricType type) {
  out.Text(kName, name);
  out.Text(kHelp, help);
  out.Unsigned(kType, TypeNumber(type));
}

}  // namespace

void RenderProtobuf(const Merge& merge, Escaping escaping, const FamilyNames& names, const GroupStats& stats,
                    TextBuffer& out) {
  std::set<std::string> shown_names;
  Writer writer(out);
  for (const MergedFamily* family : merge.ShownFamilies(names)) {
    std::vector<uint32_t> shown = merge.ShownSeries(*family);
    std::string name = EscapedName(family->definition.name, NameKind::kMetric, escaping);
    if (shown.empty() || !shown_names.insert(name).second) continue;
    writer.Outer([&] {
      AppendHead(writer, name, family->definition.help, family->definition.type);
      FamilyEncoder encoder(merge, *family, escaping);
      for (uint32_t index : shown) encoder.Append(writer, index);
      if (!family->definition.unit.empty()) writer.Text(kUnit, family->definition.unit);
    });
  }
  for (const SelfFamily& family : SelfMetrics(stats, names)) {
    writer.Outer([&] {
      AppendHead(writer, EscapedName(family.name, NameKind::kMetric, escaping), family.help, family.type);
      for (const SelfFamily::Sample& sample : family.samples) {
        writer.Inner(kMetric, [&] {
          if (!sample.label.empty()) AppendLabel(writer, kLabel, sample.label, sample.text);
          uint32_t field = family.type == MetricType::kCounter ? kCounter : kGauge;
          writer.Inner(field, [&] { writer.Double(1, sample.value); });
        });
      }
    });
  }
}

}  // namespace prom
