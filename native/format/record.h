// Records: their checksum, and a struct for the body of each type. One list of fields serves encoder and decoder, so that
// writer and reader cannot disagree.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/label.h"
#include "format/layout.h"

namespace prom {

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

struct PageRecord {
  uint64_t series_offset = 0;  // cells_offset of the series
  uint64_t cells_offset = 0;
  uint32_t generation = 0;
  int32_t number = 0;
  uint16_t slot = 0;
  int8_t schema = 0;
  int8_t sign = 1;
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

// The checksum of a record of any type: of everything but its state. `body` includes the padding.
uint32_t RecordCrc(const layout::RecordHeader& head, const uint8_t* body);

// For each struct above.
template <typename Record>
Bytes Encode(const Record& record);
// Trusts no length, and refuses a body with an impossible value as a whole. Bytes after the last field are ignored.
template <typename Record>
std::optional<Record> Decode(std::span<const uint8_t> body);

}  // namespace prom
