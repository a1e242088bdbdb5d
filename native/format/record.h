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

// One label of a series; `name` is an index into the family's label names.
struct SeriesLabel {
  uint16_t name = 0;
  layout::LabelKind kind = layout::LabelKind::kString;
  std::string text;
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

struct ScopeLabel {
  std::string name;
  layout::LabelKind kind = layout::LabelKind::kString;
  std::string text;
};

// A later record with the same id replaces an earlier one.
struct ScopeRecord {
  uint32_t id = 0;
  std::string name;
  std::vector<ScopeLabel> default_labels;
};

struct MemberRecord {
  uint32_t scope = 0;
  uint32_t family = 0;
};

using SegmentId = std::array<uint8_t, 16>;

// Segments whose numbers an archive holds.
struct FoldedRecord {
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
Bytes Encode(const FoldedRecord& record);

// A label in the body of a series record.
struct LabelView {
  uint16_t name;
  layout::LabelKind kind;
  std::string_view text;
};

struct SeriesCells {
  uint64_t offset;  // in the file
  uint32_t count;
};

// The body of a series record, label by label, in memory that is used again for the next.
class SeriesBody {
 public:
  void Begin();
  // Where the text of the next label is to be put: `least` bytes or more. Invalidates what was asked for before.
  std::span<char> Room(size_t least);
  // That label, of whose room so many bytes are its text.
  void Add(uint16_t name, layout::LabelKind kind, size_t text_length);
  // The text of a label that was added.
  std::optional<std::string_view> TextOf(uint16_t name) const;
  // The labels alone and how many they are, padded as in a record: what LabelsOf() has of the body of that record.
  std::span<const uint8_t> Labels();
  static std::span<const uint8_t> LabelsOf(std::span<const uint8_t> padded_body);
  // The same, one by one.
  static std::vector<LabelView> View(std::span<const uint8_t> labels);
  // The cells that a body names.
  static SeriesCells CellsOf(std::span<const uint8_t> body);
  // The whole body, until the next Begin(). The labels of `record` do not count.
  std::span<const uint8_t> Finish(const SeriesRecord& record);

 private:
  Bytes bytes_;
  size_t length_ = 0;
  uint32_t labels_ = 0;
};

std::optional<FamilyRecord> DecodeFamily(std::span<const uint8_t> body);
std::optional<SeriesRecord> DecodeSeries(std::span<const uint8_t> body);
std::optional<PageRecord> DecodePage(std::span<const uint8_t> body);
std::optional<ExemplarRecord> DecodeExemplar(std::span<const uint8_t> body);
std::optional<ScopeRecord> DecodeScope(std::span<const uint8_t> body);
std::optional<MemberRecord> DecodeMember(std::span<const uint8_t> body);
std::optional<FoldedRecord> DecodeFolded(std::span<const uint8_t> body);

}  // namespace prom
