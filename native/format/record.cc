#include "format/record.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "base/crc32c.h"

namespace prom {
namespace {

class ByteWriter {
 public:
  template <typename T>
  ByteWriter& Put(const T& value) {
    return Append(&value, sizeof value);
  }
  ByteWriter& Text(std::string_view text) {
    return Put(static_cast<uint32_t>(text.size())).Append(text.data(), text.size());
  }
  Bytes Take() {
    bytes_.resize(length_);
    return std::move(bytes_);
  }

 private:
  ByteWriter& Append(const void* data, size_t length) {
    if (bytes_.size() - length_ < length) bytes_.resize(2 * (length_ + length));
    std::copy_n(static_cast<const uint8_t*>(data), length, bytes_.begin() + static_cast<ptrdiff_t>(length_));
    length_ += length;
    return *this;
  }

  Bytes bytes_ = Bytes(128);  // enough for most records
  size_t length_ = 0;
};

// Reads in order; after the first thing that is not there everything is zero and `ok()` is false.
class ByteReader {
 public:
  explicit ByteReader(std::span<const uint8_t> bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  size_t left() const { return rest_.size(); }

  template <typename T>
  T Get() {
    T value{};
    if (const uint8_t* p = Skip(sizeof(T))) std::memcpy(&value, p, sizeof(T));
    return value;
  }
  std::string Text() {
    uint32_t length = Get<uint32_t>();
    const uint8_t* p = Skip(length);
    return p ? std::string(reinterpret_cast<const char*>(p), length) : std::string();
  }
  // For a list whose entries take at least `entry` bytes: a count that cannot be true fails before anything is reserved.
  uint32_t Count(size_t entry) {
    auto count = Get<uint32_t>();
    if (count > left() / entry) ok_ = false;
    return ok_ ? count : 0;
  }
  void Refuse() { ok_ = false; }

 private:
  const uint8_t* Skip(size_t length) {
    if (!ok_ || length > rest_.size()) {
      ok_ = false;
      return nullptr;
    }
    const uint8_t* p = rest_.data();
    rest_ = rest_.subspan(length);
    return p;
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

layout::LabelKind GetKind(ByteReader& in) {
  auto kind = in.Get<uint8_t>();
  if (kind > static_cast<uint8_t>(layout::LabelKind::kOther)) in.Refuse();
  return static_cast<layout::LabelKind>(kind);
}

template <typename Record>
std::optional<Record> Checked(const ByteReader& in, Record record) {
  if (!in.ok()) return std::nullopt;
  return record;
}

}  // namespace

uint32_t FamilyRecord::CellCount() const {
  switch (type) {
    case layout::MetricType::kCounter:
      return 1;
    case layout::MetricType::kGauge:
      return merge_mode == layout::MergeMode::kMostRecent || merge_mode == layout::MergeMode::kLiveMostRecent
                 ? 2
                 : 1;
    case layout::MetricType::kHistogram:
      return layout::kHistogramHeaderCells + static_cast<uint32_t>(bounds.size()) + 1;
    case layout::MetricType::kSummary:
      return layout::kSummaryHeaderCells + age_buckets * layout::kSummarySlotCells;
  }
  return 0;
}

uint32_t RecordCrc(const layout::RecordHeader& head, const uint8_t* body) {
  uint32_t before = Crc32c(&head, offsetof(layout::RecordHeader, crc));
  return Crc32c(body, head.length - layout::kRecordHeaderSize, before);
}

Bytes Encode(const FamilyRecord& r) {
  ByteWriter out;
  out.Put(r.id).Put(static_cast<uint8_t>(r.type)).Put(static_cast<uint8_t>(r.merge_mode));
  out.Put(uint16_t{0}).Put(r.age_buckets).Put(static_cast<uint32_t>(r.bounds.size())).Put(r.slot_ms);
  for (double bound : r.bounds) out.Put(bound);
  out.Text(r.name).Text(r.help).Put(static_cast<uint32_t>(r.label_names.size()));
  for (const std::string& name : r.label_names) out.Text(name);
  return out.Take();
}

Bytes Encode(const CompactedRecord& r) {
  ByteWriter out;
  out.Put(static_cast<uint32_t>(r.ids.size()));
  for (const SegmentId& id : r.ids) out.Put(id);
  return out.Take();
}

std::optional<FamilyRecord> DecodeFamily(std::span<const uint8_t> body) {
  ByteReader in(body);
  FamilyRecord r;
  r.id = in.Get<uint32_t>();
  auto type = in.Get<uint8_t>();
  auto merge_mode = in.Get<uint8_t>();
  in.Get<uint16_t>();
  r.age_buckets = in.Get<uint32_t>();
  if (type < 1 || type > 4 || merge_mode < 1 || merge_mode > 13) in.Refuse();
  r.type = static_cast<layout::MetricType>(type);
  r.merge_mode = static_cast<layout::MergeMode>(merge_mode);
  auto bounds = in.Get<uint32_t>();
  r.slot_ms = in.Get<double>();
  if (bounds > layout::kMaxBuckets || bounds > in.left() / sizeof(double)) in.Refuse();
  if (r.age_buckets > layout::kMaxAgeSlots || !(r.slot_ms >= 0)) in.Refuse();
  if (r.type == layout::MetricType::kSummary && (r.age_buckets < 1 || !(r.slot_ms > 0))) in.Refuse();
  // Merging by the time of a set reads the cell that only a gauge has for it.
  bool timed =
      r.merge_mode == layout::MergeMode::kMostRecent || r.merge_mode == layout::MergeMode::kLiveMostRecent;
  if (timed && r.type != layout::MetricType::kGauge) in.Refuse();
  if (!in.ok()) return std::nullopt;
  r.bounds.reserve(bounds);
  for (uint32_t i = 0; i < bounds; i++) r.bounds.push_back(in.Get<double>());
  r.name = in.Text();
  r.help = in.Text();
  uint32_t labels = in.Count(sizeof(uint32_t));
  for (uint32_t i = 0; i < labels; i++) r.label_names.push_back(in.Text());
  return Checked(in, std::move(r));
}

Bytes Encode(const SeriesRecord& r) {
  ByteWriter out;
  out.Put(r.family).Put(r.cell_count).Put(r.cells_offset).Put(r.created_ms);
  out.Put(static_cast<uint32_t>(r.labels.size()));
  for (const SeriesLabel& label : r.labels) {
    out.Put(label.name).Put(static_cast<uint8_t>(label.kind)).Put(uint8_t{0}).Text(label.text);
  }
  return out.Take();
}

std::optional<SeriesRecord> DecodeSeries(std::span<const uint8_t> body) {
  ByteReader in(body);
  SeriesRecord r;
  r.family = in.Get<uint32_t>();
  r.cell_count = in.Get<uint32_t>();
  r.cells_offset = in.Get<uint64_t>();
  r.created_ms = in.Get<double>();
  if (!std::isfinite(r.created_ms)) in.Refuse();  // the oldest are looked for, and NaN has no order
  uint32_t labels = in.Count(8);
  r.labels.reserve(labels);
  for (uint32_t i = 0; i < labels; i++) {
    SeriesLabel label;
    label.name = in.Get<uint16_t>();
    label.kind = GetKind(in);
    in.Get<uint8_t>();
    label.text = in.Text();
    r.labels.push_back(std::move(label));
  }
  return Checked(in, std::move(r));
}

Bytes Encode(const PageRecord& r) {
  ByteWriter out;
  out.Put(r.series_offset).Put(r.cells_offset).Put(r.generation).Put(r.number);
  out.Put(r.slot).Put(r.schema).Put(r.sign).Put(uint32_t{0});
  return out.Take();
}

std::optional<PageRecord> DecodePage(std::span<const uint8_t> body) {
  ByteReader in(body);
  PageRecord r;
  r.series_offset = in.Get<uint64_t>();
  r.cells_offset = in.Get<uint64_t>();
  r.generation = in.Get<uint32_t>();
  r.number = in.Get<int32_t>();
  r.slot = in.Get<uint16_t>();
  r.schema = in.Get<int8_t>();
  r.sign = in.Get<int8_t>();
  if (r.schema < -4 || r.schema > 8 || (r.sign != 1 && r.sign != -1)) in.Refuse();
  // Keys of the finest schema stay below 2^19; anything else would overflow when a key is made of it.
  if (r.number < -(1 << 20) || r.number > (1 << 20)) in.Refuse();
  return Checked(in, r);
}

Bytes Encode(const ExemplarRecord& r) {
  ByteWriter out;
  return out.Put(r.series_offset).Put(r.cells_offset).Put(r.bucket).Put(uint32_t{0}).Take();
}

std::optional<ExemplarRecord> DecodeExemplar(std::span<const uint8_t> body) {
  ByteReader in(body);
  ExemplarRecord r;
  r.series_offset = in.Get<uint64_t>();
  r.cells_offset = in.Get<uint64_t>();
  r.bucket = in.Get<uint32_t>();
  return Checked(in, r);
}

Bytes Encode(const ScopeRecord& r) {
  ByteWriter out;
  out.Put(r.id).Put(r.flags).Text(r.name).Put(static_cast<uint32_t>(r.default_labels.size()));
  for (const Label& label : r.default_labels) {
    out.Text(label.name).Put(static_cast<uint8_t>(label.kind)).Text(label.text);
  }
  return out.Take();
}

std::optional<ScopeRecord> DecodeScope(std::span<const uint8_t> body) {
  ByteReader in(body);
  ScopeRecord r;
  r.id = in.Get<uint32_t>();
  r.flags = in.Get<uint32_t>();
  r.name = in.Text();
  uint32_t labels = in.Count(9);
  for (uint32_t i = 0; i < labels; i++) {
    Label label;
    label.name = in.Text();
    label.kind = GetKind(in);
    label.text = in.Text();
    r.default_labels.push_back(std::move(label));
  }
  return Checked(in, std::move(r));
}

Bytes Encode(const MemberRecord& r) {
  ByteWriter out;
  return out.Put(r.scope).Put(r.family).Take();
}

std::optional<MemberRecord> DecodeMember(std::span<const uint8_t> body) {
  ByteReader in(body);
  MemberRecord r;
  r.scope = in.Get<uint32_t>();
  r.family = in.Get<uint32_t>();
  return Checked(in, r);
}

std::optional<CompactedRecord> DecodeCompacted(std::span<const uint8_t> body) {
  ByteReader in(body);
  CompactedRecord r;
  uint32_t count = in.Count(sizeof(SegmentId));
  for (uint32_t i = 0; i < count; i++) r.ids.push_back(in.Get<SegmentId>());
  return Checked(in, r);
}

}  // namespace prom
