// The identity of a file in its header; the checksum of records, and a struct for the body of each type. One list of fields
// serves encoder and decoder, so that writer and reader cannot disagree.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/layout.h"

namespace prom {

// A label: its name, its text, and the type that its value had in JavaScript.
template <typename Name, typename Text>
struct LabelOf {
  Name name{};
  layout::LabelKind kind = layout::LabelKind::kString;
  Text text{};
};

using SeriesLabel = LabelOf<uint16_t, std::string>;  // by the index of its name in the family
using Label = LabelOf<std::string, std::string>;
using LabelRef = LabelOf<std::string_view, std::string_view>;  // views of texts that another object owns

// Whether Prometheus accepts a name in the text format.
bool IsMetricName(std::string_view name);
bool IsLabelName(std::string_view name);

struct FamilyRecord {
  uint32_t id = 0;
  layout::MetricType type = layout::MetricType::kCounter;
  layout::MergeMode merge_mode = layout::MergeMode::kSum;
  uint32_t age_buckets = 0;    // summary: slots of the age window
  double slot_ms = 0;          // summary: length of a slot, infinite without a window
  std::vector<double> bounds;  // histogram: upper bounds without +Inf; summary: quantiles
  std::string name;
  std::string help;
  std::vector<std::string> label_names;
  std::string unit;  // since 1.1; empty for none

  // Cells of one series.
  uint32_t CellCount() const;
};

struct SeriesRecord {
  uint32_t family = 0;
  uint32_t cell_count = 0;
  uint64_t cells_offset = 0;  // in the file
  double created_ms = 0;      // since the epoch
  std::vector<SeriesLabel> labels;
};

// A page of a summary or, with kNativeSlot, of a native histogram.
struct PageRecord {
  uint64_t series_offset = 0;  // cells_offset of the series
  uint64_t cells_offset = 0;
  uint32_t generation = 0;
  int32_t number = 0;
  uint16_t slot = 0;
  int8_t schema = 0;
  int8_t sign = 1;
};

// A histogram has exponential buckets, too.
struct NativeRecord {
  uint64_t series_offset = 0;  // cells_offset of the series
  uint64_t cells_offset = 0;
  double zero_threshold = 0;  // observations up to it, of either sign, are in the zero bucket
};

// The exemplar of a counter (bucket 0) or of one bucket of a histogram.
struct ExemplarRecord {
  uint64_t series_offset = 0;  // cells_offset of the series
  uint64_t cells_offset = 0;
  uint32_t bucket = 0;
};

// A later record with the same id replaces an earlier one.
struct ScopeRecord {
  uint32_t id = 0;
  uint32_t flags = 0;  // layout::kChosenForCluster, kChosenForWorker
  std::string name;
  std::vector<Label> default_labels;
};

struct MemberRecord {
  uint32_t scope = 0;
  uint32_t family = 0;
};

using SegmentId = layout::Id;

// Segments whose counts are in an archive.
struct CompactedRecord {
  std::vector<SegmentId> ids;
};

using Bytes = std::vector<uint8_t>;

// Fills in the fields of the format, and the kind of the file.
void StampFormat(layout::Header& header, layout::FileKind kind);

// A unique id: random, or made of the time and the thread when the system has no random bytes.
SegmentId NewSegmentId(uint32_t pid, uint32_t tid);

// The id of the first file whose counts are in a segment: its rewrites and its copies have the same.
SegmentId OriginOf(const layout::Header& header);

// The value of header_crc for this header.
uint32_t HeaderCrc(const layout::Header& header);

// The checksum of a record of any type: of everything but its state. `body` includes the padding.
uint32_t RecordCrc(const layout::RecordHeader& head, const uint8_t* body);

// The length of a record with its header and its padding.
uint64_t RecordLength(std::span<const uint8_t> body);
// Writes a live record. The `length` bytes at `at` are zeros before.
void WriteRecord(uint8_t* at, layout::RecordType type, uint64_t length, std::span<const uint8_t> body);

// For each struct above.
template <typename Record>
Bytes Encode(const Record& record);
// Trusts no length, and refuses a body with an impossible value as a whole. Bytes after the last field are ignored.
template <typename Record>
std::optional<Record> Decode(std::span<const uint8_t> body);

}  // namespace prom
