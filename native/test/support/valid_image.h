// A small valid segment, and the answer of a reader when a part of it is changed.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "byte_sources.h"
#include "families.h"
#include "reading.h"
#include "segment_image.h"

namespace prom::test {

// Offsets of some records in the image.
struct Places {
  uint64_t first_series;
  uint64_t second_series;
  uint64_t page;
};

// A counter of one label with two series, a histogram and a summary with a page.
inline SegmentImage ValidImage(Places* places = nullptr) {
  SegmentImage image(64);
  Places at{};
  image.Scope(0, "");
  image.Family(1, CounterFamily("c", {"l"}));
  uint64_t a = image.Cells(1);
  at.first_series = image.Series(1, 1, a, {{0, layout::LabelKind::kString, "a"}});
  uint64_t b = image.Cells(1);
  at.second_series = image.Series(1, 1, b, {{0, layout::LabelKind::kString, "b"}});
  image.Family(2, HistogramFamily("h", {1}, {"l"}));
  image.Series(2, 4, image.Cells(4), {{0, layout::LabelKind::kString, "c"}});
  image.Family(3, SummaryFamily("s", {0.5}, 1, INFINITY, {"l"}));
  uint64_t summary_cells = image.Cells(9);
  image.Series(3, 9, summary_cells, {{0, layout::LabelKind::kString, "d"}});
  PageRecord page;
  page.series_offset = summary_cells;
  page.cells_offset = image.Cells(layout::kPageCells);
  at.page = image.Add(layout::RecordType::kPage, Encode(page));
  *image.cells(a) = 3;
  *image.cells(b) = 4;
  if (places != nullptr) *places = at;
  return image;
}

// Why a new reader refuses these bytes, or that it leaves out records.
inline std::string Refusal(Bytes bytes) {
  bytes.shrink_to_fit();
  SegmentReader reader;
  SkipReason reason = ReadAll(reader, MemorySource(std::move(bytes)));
  if (reason == SkipReason::kNone && reader.skipped_records() > 0) return "left out";
  return std::string(kSkipReasonNames[reason]);
}

// Changes fields of the header's identity and makes its checksum right again.
inline std::string RefusalWith(const std::function<void(layout::Header&)>& change) {
  SegmentImage image = ValidImage();
  change(image.header());
  RepairHeaderCrc(image.bytes());
  return Refusal(image.bytes());
}

// Changes fields of a record and makes its checksum right again.
template <typename Record>
std::string RefusalWithRecord(uint64_t Places::*place, const std::function<void(Record&)>& change) {
  Places places;
  SegmentImage image = ValidImage(&places);
  uint64_t at = places.*place;
  layout::RecordHeader& head = image.record(at);
  uint64_t length = head.length - layout::kRecordHeaderSize;
  uint8_t* body = image.bytes().data() + at + layout::kRecordHeaderSize;
  auto record = Decode<Record>(std::span<const uint8_t>(body, length));
  REQUIRE(record.has_value());
  change(*record);
  Bytes changed = Encode(*record);
  REQUIRE(changed.size() <= length);
  changed.resize(length);
  std::copy(changed.begin(), changed.end(), body);
  head.crc = RecordCrc(head, body);
  return Refusal(image.bytes());
}

inline std::string RefusalWithSeries(const std::function<void(SeriesRecord&)>& change) {
  return RefusalWithRecord<SeriesRecord>(&Places::second_series, change);
}

inline std::string RefusalWithPage(const std::function<void(PageRecord&)>& change) {
  return RefusalWithRecord<PageRecord>(&Places::page, change);
}

}  // namespace prom::test
