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
#include "render/render.h"

namespace prom {
namespace {

using layout::MetricType;

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

// A message. The length of one inside another is known when it ends; then its bytes move to make room for it.
class Message {
 public:
  void Clear() { bytes_.clear(); }
  std::string_view bytes() const { return bytes_; }

  void Varint(uint64_t value) {
    while (value >= 0x80) {
      bytes_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    bytes_.push_back(static_cast<char>(value));
  }
  void ZigZag(int64_t value) {
    Varint(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }
  void Tag(uint32_t field, uint32_t wire_type) { Varint(field << 3 | wire_type); }

  void Unsigned(uint32_t field, uint64_t value) {
    Tag(field, 0);
    Varint(value);
  }
  void Signed(uint32_t field, int64_t value) {
    Tag(field, 0);
    ZigZag(value);
  }
  void Double(uint32_t field, double value) {
    Tag(field, 1);
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes_.append(raw, sizeof raw);
  }
  void Text(uint32_t field, std::string_view text) {
    Tag(field, 2);
    Varint(text.size());
    bytes_.append(text);
  }
  // `fill` appends the fields of the inner message.
  template <typename Fill>
  void Inner(uint32_t field, Fill fill) {
    Tag(field, 2);
    size_t start = bytes_.size();
    bytes_.push_back(0);  // most lengths take one byte
    fill();
    size_t length = bytes_.size() - start - 1;
    if (length < 0x80) {
      bytes_[start] = static_cast<char>(length);
      return;
    }
    Message prefix;
    prefix.Varint(length);
    bytes_.replace(start, 1, prefix.bytes());
  }

 private:
  std::string bytes_;
};

uint64_t Count(double value) { return value > 0 ? static_cast<uint64_t>(std::min(value, 0x1p63) + 0.5) : 0; }

void AppendTime(Message& out, uint32_t field, double milliseconds) {
  double seconds = std::floor(milliseconds / 1000);
  if (!(seconds > 0 && seconds < 0x1p53)) return;
  out.Inner(field, [&] {
    out.Unsigned(1, static_cast<uint64_t>(seconds));
    out.Unsigned(2, static_cast<uint64_t>((milliseconds - seconds * 1000) * 1e6));
  });
}

void AppendLabel(Message& out, uint32_t field, std::string_view name, std::string_view text) {
  out.Inner(field, [&] {
    out.Text(1, name);
    out.Text(2, text);
  });
}

void AppendExemplar(Message& out, uint32_t field, const Exemplar& exemplar) {
  out.Inner(field, [&] {
    for (const Label& label : exemplar.Labels()) AppendLabel(out, kExemplarLabel, label.name, label.text);
    out.Double(kExemplarValue, exemplar.value());
    AppendTime(out, kExemplarTime, exemplar.time() * 1000);
  });
}

// Spans of consecutive buckets, and the differences of their counts. As in client_golang, gaps of up to two empty buckets are
// cheaper than another span.
void AppendBuckets(Message& out, const std::vector<NativeSum::Bucket>& buckets, uint32_t span_field,
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
      out.ZigZag(count - std::exchange(last, count));
    }
  });
}

void AppendNative(Message& out, const NativeSum& native, std::span<const Exemplar> exemplars) {
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
      : merge_(merge), definition_(family.definition), escaping_(escaping) {
    // Scrapers decide by the first series whether a family is native: all of them are then.
    for (uint32_t index : family.series) native_ |= merge.totals().native(index) != nullptr;
  }

  // Appends the series as a field of the family.
  void Append(Message& out, uint32_t index) const {
    out.Inner(kMetric, [&] {
      const MergedIdentity& identity = merge_.plan().identity(index);
      AppendLabels(out, identity);
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
  void AppendLabels(Message& out, const MergedIdentity& identity) const {
    for (const Label& label : identity.labels) AppendLabel(out, label);
    for (const Label& label : identity.defaults) {
      bool own = std::any_of(identity.labels.begin(), identity.labels.end(),
                             [&](const Label& other) { return other.name == label.name; });
      if (!own) AppendLabel(out, label);
    }
  }

  void AppendLabel(Message& out, const Label& label) const {
    prom::AppendLabel(out, kLabel, EscapedName(label.name, NameKind::kLabel, escaping_), label.text);
  }

  void AppendSummary(Message& out, const double* values, double created_ms) const {
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

  void AppendHistogram(Message& out, uint32_t index, const double* values, double created_ms) const {
    static const NativeSum kEmpty;
    const NativeSum* native = merge_.totals().native(index);
    std::span<const Exemplar> exemplars = merge_.totals().exemplars(index);
    size_t bounds = definition_.bounds.size();
    // Readers refuse a native histogram whose count is not the sum of its buckets.
    out.Unsigned(kSampleCount, Count(native != nullptr ? native->count() : values[bounds + 1]));
    out.Double(kSampleSum, values[0]);
    for (size_t i = 0; i <= bounds; i++) {
      auto exemplar = std::find_if(exemplars.begin(), exemplars.end(),
                                   [i](const Exemplar& other) { return other.bucket == i; });
      // The count tells that of the bucket of +Inf.
      if (i == bounds && (exemplar == exemplars.end() || bounds == 0)) break;
      out.Inner(kBucket, [&] {
        out.Unsigned(1, Count(values[i + 1]));
        out.Double(2, i == bounds ? INFINITY : definition_.bounds[i]);
        if (exemplar != exemplars.end()) AppendExemplar(out, 3, *exemplar);
      });
    }
    if (native_) AppendNative(out, native != nullptr ? *native : kEmpty, exemplars);
    AppendTime(out, kCreated, created_ms);
  }

  const Merge& merge_;
  const FamilyRecord& definition_;
  const Escaping escaping_;
  bool native_ = false;
};

void AppendHead(Message& out, std::string_view name, std::string_view help, MetricType type) {
  out.Text(kName, name);
  out.Text(kHelp, help);
  out.Unsigned(kType, TypeNumber(type));
}

void AppendDelimited(TextBuffer& out, const Message& family) {
  Message length;
  length.Varint(family.bytes().size());
  out.Append(length.bytes());
  out.Append(family.bytes());
}

}  // namespace

void RenderProtobuf(const Merge& merge, Escaping escaping, const FamilyNames& names, const GroupStats& stats,
                    TextBuffer& out) {
  std::set<std::string> shown_names;
  Message message;  // one for all families, which keeps its memory
  for (const MergedFamily* family : merge.ShownFamilies(names)) {
    std::vector<uint32_t> shown = merge.ShownSeries(*family);
    std::string name = EscapedName(family->definition.name, NameKind::kMetric, escaping);
    if (shown.empty() || !shown_names.insert(name).second) continue;
    message.Clear();
    AppendHead(message, name, family->definition.help, family->definition.type);
    FamilyEncoder encoder(merge, *family, escaping);
    for (uint32_t index : shown) encoder.Append(message, index);
    if (!family->definition.unit.empty()) message.Text(kUnit, family->definition.unit);
    AppendDelimited(out, message);
  }
  for (const SelfFamily& family : SelfMetrics(stats, names)) {
    message.Clear();
    AppendHead(message, EscapedName(family.name, NameKind::kMetric, escaping), family.help, family.type);
    for (const SelfFamily::Sample& sample : family.samples) {
      message.Inner(kMetric, [&] {
        if (!sample.label.empty()) AppendLabel(message, kLabel, sample.label, sample.text);
        uint32_t field = family.type == MetricType::kCounter ? kCounter : kGauge;
        message.Inner(field, [&] { message.Double(1, sample.value); });
      });
    }
    AppendDelimited(out, message);
  }
}

}  // namespace prom
