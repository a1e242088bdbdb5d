#include "format/record.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <type_traits>

#include "base/crc32c.h"
#include "base/utf8.h"
#include "format/merge_mode.h"
#include "platform/clock.h"
#include "platform/random.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

class Encoder {
 public:
  // Appends fields: a string as its length and its bytes, other values as in memory.
  template <typename... Values>
  void operator()(const Values&... values) {
    (Put(values), ...);
  }
  void Zeros(size_t length) { Append(kZeros, length); }
  // The size of a list, whose elements follow.
  template <typename T>
  void Size(const std::vector<T>& list, size_t) {
    Put(static_cast<uint32_t>(list.size()));
  }
  // A text that records of earlier versions do not have.
  void Added(const std::string& text) {
    if (!text.empty()) Put(text);
  }
  Bytes Take() {
    bytes_.resize(length_);
    return std::move(bytes_);
  }

 private:
  static constexpr uint8_t kZeros[8] = {};

  template <typename T>
  void Put(const T& value) {
    Append(&value, sizeof value);
  }
  void Put(const std::string& text) {
    Put(static_cast<uint32_t>(text.size()));
    Append(text.data(), text.size());
  }
  void Append(const void* data, size_t length) {
    if (bytes_.size() - length_ < length) bytes_.resize(2 * (length_ + length));
    std::copy_n(static_cast<const uint8_t*>(data), length, bytes_.begin() + static_cast<ptrdiff_t>(length_));
    length_ += length;
  }

  Bytes bytes_ = Bytes(128);  // enough for most records
  size_t length_ = 0;
};

// The same calls, for reading. From the first missing byte on nothing is read, and ok() is false.
class Decoder {
 public:
  explicit Decoder(std::span<const uint8_t> bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }

  template <typename... Values>
  void operator()(Values&... values) {
    (Get(values), ...);
  }
  void Zeros(size_t length) { Skip(length); }
  void Added(std::string& text) {
    uint32_t length;
    if (rest_.size() < sizeof length) return;
    std::memcpy(&length, rest_.data(), sizeof length);
    if (length <= rest_.size() - sizeof length) Get(text);
  }
  // An element has at least `least` bytes: so an impossible size is refused before memory is allocated.
  template <typename T>
  void Size(std::vector<T>& list, size_t least) {
    uint32_t size = 0;
    Get(size);
    ok_ = ok_ && size <= rest_.size() / least;
    if (ok_) list.resize(size);
  }

 private:
  template <typename T>
  void Get(T& value) {
    if (const uint8_t* from = Skip(sizeof value)) std::memcpy(&value, from, sizeof value);
  }
  void Get(std::string& text) {
    uint32_t length = 0;
    Get(length);
    if (const uint8_t* from = Skip(length)) text.assign(reinterpret_cast<const char*>(from), length);
  }
  const uint8_t* Skip(size_t length) {
    ok_ = ok_ && length <= rest_.size();
    if (!ok_) return nullptr;
    const uint8_t* from = rest_.data();
    rest_ = rest_.subspan(length);
    return from;
  }

  std::span<const uint8_t> rest_;
  bool ok_ = true;
};

template <typename Io, typename Record>
using RecordOf = std::conditional_t<std::is_same_v<Io, Encoder>, const Record, Record>;

// The fields of each record in their order. docs/format.md has the same as a grammar.
template <typename Io>
void Fields(Io& io, RecordOf<Io, FamilyRecord>& record) {
  io(record.id, record.type, record.merge_mode);
  io.Zeros(2);
  io(record.age_buckets);
  io.Size(record.bounds, sizeof(double));
  io(record.slot_ms);
  for (auto& bound : record.bounds) io(bound);
  io(record.name, record.help);
  io.Size(record.label_names, 4);
  for (auto& name : record.label_names) io(name);
  io.Added(record.unit);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, SeriesRecord>& record) {
  io(record.family, record.cell_count, record.cells_offset, record.created_ms);
  io.Size(record.labels, 8);
  for (auto& label : record.labels) {
    io(label.name, label.kind);
    io.Zeros(1);
    io(label.text);
  }
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, PageRecord>& record) {
  io(record.series_offset, record.cells_offset, record.generation, record.number);
  io(record.slot, record.schema, record.sign);
  io.Zeros(4);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, NativeRecord>& record) {
  io(record.series_offset, record.cells_offset, record.zero_threshold);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, ExemplarRecord>& record) {
  io(record.series_offset, record.cells_offset, record.bucket);
  io.Zeros(4);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, ScopeRecord>& record) {
  io(record.id, record.flags, record.name);
  io.Size(record.default_labels, 9);
  for (auto& label : record.default_labels) io(label.name, label.kind, label.text);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, MemberRecord>& record) {
  io(record.scope, record.family);
}

template <typename Io>
void Fields(Io& io, RecordOf<Io, CompactedRecord>& record) {
  io.Size(record.ids, sizeof(SegmentId));
  for (auto& id : record.ids) io(id);
}

// One name or text that Prometheus does not accept would make it refuse the whole exposition. Only strings are escaped; the texts of
// objects are those that prom-client prints.
template <typename Labels>
bool HasGoodTexts(const Labels& labels) {
  return std::all_of(labels.begin(), labels.end(), [](const auto& label) {
    bool printed_as_it_is =
        label.kind != layout::LabelKind::kString && label.kind != layout::LabelKind::kOther;
    return label.kind <= layout::LabelKind::kOther && IsUtf8(label.text) &&
           !(printed_as_it_is && label.text.find_first_of("\"\\\n") != std::string::npos);
  });
}

// Expositions escape names for readers that do not accept all of UTF-8.
bool IsName(const std::string& name) { return !name.empty() && IsUtf8(name); }

bool HasGoodNames(const FamilyRecord& record) {
  return IsName(record.name) && IsUtf8(record.help) &&
         std::all_of(record.label_names.begin(), record.label_names.end(), IsName);
}

template <typename Record>
bool IsValid(const Record&) {
  return true;
}

bool IsValid(const FamilyRecord& record) {
  bool known = record.type >= MetricType::kCounter && record.type <= MetricType::kSummary &&
               record.merge_mode >= MergeMode::kAll && record.merge_mode <= MergeMode::kOmit;
  bool sized = record.bounds.size() <= layout::kMaxBuckets && record.age_buckets <= layout::kMaxAgeSlots;
  // Only a gauge has the cell with the time of a set.
  bool timed = !IsMostRecent(record.merge_mode) || record.type == MetricType::kGauge;
  bool aged = record.type == MetricType::kSummary ? record.age_buckets >= 1 && record.slot_ms > 0
                                                  : record.slot_ms >= 0;
  return known && sized && timed && aged && HasGoodNames(record);
}

bool IsValid(const SeriesRecord& record) {
  // Readers look for the oldest series, and NaN has no order.
  return std::isfinite(record.created_ms) && HasGoodTexts(record.labels);
}

bool IsValid(const PageRecord& record) {
  // Keys of the finest schema stay below 2^19; a larger page number would overflow a key.
  return record.schema >= -4 && record.schema <= 8 && (record.sign == 1 || record.sign == -1) &&
         record.number >= -(1 << 20) && record.number <= 1 << 20;
}

bool IsValid(const NativeRecord& record) {
  return std::isfinite(record.zero_threshold) && record.zero_threshold >= 0;
}

bool IsValid(const ScopeRecord& record) { return HasGoodTexts(record.default_labels); }

}  // namespace

bool IsLabelName(std::string_view name) {
  auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && is_letter(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9');
  });
}

bool IsMetricName(std::string_view name) {
  std::string without_colons(name);
  std::replace(without_colons.begin(), without_colons.end(), ':', '_');
  return IsLabelName(without_colons);
}

uint32_t FamilyRecord::CellCount() const {
  switch (type) {
    case MetricType::kCounter:
      return 1;
    case MetricType::kGauge:
      return IsMostRecent(merge_mode) ? 2 : 1;
    case MetricType::kHistogram:
      return layout::kHistogramHeaderCells + static_cast<uint32_t>(bounds.size()) + 1;
    case MetricType::kSummary:
      return layout::kSummaryHeaderCells + age_buckets * layout::kSummarySlotCells;
  }
  return 0;
}

void StampFormat(layout::Header& header, layout::FileKind kind) {
  std::memcpy(header.magic, layout::kMagic, sizeof header.magic);
  header.endian_mark = layout::kEndianMark;
  header.major = layout::kMajor;
  header.minor = layout::kMinor;
  header.header_size = layout::kHeaderSize;
  header.granule = layout::kGranule;
  header.kind = static_cast<uint32_t>(kind);
}

SegmentId NewSegmentId(uint32_t pid, uint32_t tid) {
  SegmentId id;
  if (!RandomBytes(id.data(), id.size())) {
    const uint64_t now[2] = {RealtimeNs(), BoottimeNs() ^ (uint64_t{pid} << 32 | tid)};
    std::memcpy(id.data(), now, sizeof now);
  }
  return id;
}

SegmentId OriginOf(const layout::Header& header) {
  return header.first_id == SegmentId{} ? header.segment_id : header.first_id;
}

uint32_t HeaderCrc(const layout::Header& header) {
  return Crc32c(&header, offsetof(layout::Header, header_crc));
}

uint32_t RecordCrc(const layout::RecordHeader& head, const uint8_t* body) {
  uint32_t before = Crc32c(&head, offsetof(layout::RecordHeader, crc));
  return Crc32c(body, head.length - layout::kRecordHeaderSize, before);
}

uint64_t RecordLength(std::span<const uint8_t> body) {
  constexpr uint64_t kAlignment = layout::kRecordAlignment;
  return (layout::kRecordHeaderSize + body.size() + kAlignment - 1) / kAlignment * kAlignment;
}

void WriteRecord(uint8_t* at, layout::RecordType type, uint64_t length, std::span<const uint8_t> body) {
  layout::RecordHeader head{static_cast<uint32_t>(length), static_cast<uint16_t>(type), 0, 0,
                            static_cast<uint32_t>(layout::RecordState::kLive)};
  if (!body.empty()) std::memcpy(at + sizeof head, body.data(), body.size());
  head.crc = RecordCrc(head, at + sizeof head);
  std::memcpy(at, &head, sizeof head);
}

template <typename Record>
Bytes Encode(const Record& record) {
  Encoder out;
  Fields(out, record);
  return out.Take();
}

template <typename Record>
std::optional<Record> Decode(std::span<const uint8_t> body) {
  Decoder in(body);
  Record record;
  Fields(in, record);
  if (!in.ok() || !IsValid(record)) return std::nullopt;
  return record;
}

#define FOR_RECORD(Record)              \
  template Bytes Encode(const Record&); \
  template std::optional<Record> Decode(std::span<const uint8_t>)
FOR_RECORD(FamilyRecord);
FOR_RECORD(SeriesRecord);
FOR_RECORD(PageRecord);
FOR_RECORD(NativeRecord);
FOR_RECORD(ExemplarRecord);
FOR_RECORD(ScopeRecord);
FOR_RECORD(MemberRecord);
FOR_RECORD(CompactedRecord);
#undef FOR_RECORD

}  // namespace prom
