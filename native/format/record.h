// Records: their checksum, and one struct, encoder and decoder for each kind of body, so that writer and reader cannot
// disagree.
//
// Decoders believe nothing: every length is checked against the bytes that are there, and a body that does not fit its
// own counts is refused as a whole.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/label.h"
#include "format/layout.h"

namespace prom {

struct FamilyRecord {
  uint32_t id = 0;
  layout::MetricType type = layout::MetricType::kCounter;
  layout::MergeMode merge_mode = layout::MergeMode::kSum;
  uint32_t age_buckets = 0;  // summaries: slots of the age window
  double slot_ms = 0;        // summaries: length of a slot; infinite when nothing ages
  std::vector<double>
      bounds;  // histograms: upper bounds without +Inf; summaries: the quantiles that are shown
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

using SegmentId = std::array<uint8_t, 16>;

// Segments whose numbers an archive holds.
struct CompactedRecord {
  std::vector<SegmentId> ids;
};

using Bytes = std::vector<uint8_t>;

// The checksum of a record of any type, SKIP included: of all that never changes once it is published. `body` has the
// bytes that the header's length promises, padding included.
uint32_t RecordCrc(const layout::RecordHeader& head, const uint8_t* body);

Bytes Encode(const FamilyRecord& record);
Bytes Encode(const SeriesRecord& record);
Bytes Encode(const PageRecord& record);
Bytes Encode(const ExemplarRecord& record);
Bytes Encode(const ScopeRecord& record);
Bytes Encode(const MemberRecord& record);
Bytes Encode(const CompactedRecord& record);

std::optional<FamilyRecord> DecodeFamily(std::span<const uint8_t> body);
std::optional<SeriesRecord> DecodeSeries(std::span<const uint8_t> body);
std::optional<PageRecord> DecodePage(std::span<const uint8_t> body);
std::optional<ExemplarRecord> DecodeExemplar(std::span<const uint8_t> body);
std::optional<ScopeRecord> DecodeScope(std::span<const uint8_t> body);
std::optional<MemberRecord> DecodeMember(std::span<const uint8_t> body);
std::optional<CompactedRecord> DecodeCompacted(std::span<const uint8_t> body);

}  // namespace prom
