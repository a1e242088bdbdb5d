// What the dead of a group have left: the sum of their segments.
//
// An archive is made anew by each fold, from the one before it and the segments that are folded, and never changed.
// Whatever a scrape shows of a dead segment it shows of the archive too; what it no longer shows is not kept. Sums are
// double-double numbers, so that no total goes down by its last digit when an owner's part moves here.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/double_double.h"
#include "files/owner.h"
#include "format/layout.h"
#include "format/record.h"
#include "group/series_filter.h"
#include "read/segment_reader.h"

namespace prom {

struct ArchiveLimits {
  uint32_t series = 200'000;  // beyond it what is new is dropped, and counted
  uint32_t owner_gauges =
      10'000;                  // series of `all` gauges, one per owner that ever was: beyond it the oldest go
  uint32_t folded_ids = 4096;  // ids of segments that are gone: whoever was taken for dead finds itself here
};

class Archive {
 public:
  // `now_ms` is the wall clock: what the age windows of summaries no longer show is not kept.
  Archive(const ArchiveLimits& limits, double now_ms) : limits_(limits), now_ms_(now_ms) {}

  // Adds what outlives the owner of a segment, or all of the archive before this one, which comes first. `instance` is the
  // value of the label `pid`.
  void Add(const SegmentReader& segment, const std::string& instance, bool this_boot);
  // Says that a segment is in it. The newest come first.
  void AddFolded(const SegmentId& id) { folded_.push_back(id); }
  // After the last Add().
  void Remove(const SeriesFilter& filter);

  // The bytes of the file.
  Bytes Encode(const OwnerIdentity& self);

 private:
  struct Page {
    uint16_t slot;
    int8_t sign;
    int8_t schema;
    int32_t number;
    std::array<double, layout::kPageCells> cells;
  };
  struct Series {
    SeriesRecord record;
    std::vector<DoubleDouble> cells;
    std::vector<Page> pages;
    std::map<uint32_t, std::array<double, layout::kExemplarCells>> exemplars;
  };
  struct Family {
    FamilyRecord record;
    std::vector<uint32_t> scopes;  // in the order of registration
    std::vector<Series> series;
    std::unordered_map<std::string, size_t> by_labels;
  };

  void AddHeader(const layout::Header& header, bool archive);
  std::vector<std::optional<size_t>> AddFamilies(const SegmentReader& segment);
  uint32_t ScopeOf(const ScopeRecord& scope);
  Series* SeriesOf(Family& family, const FamilyRecord& definition, const SeriesRecord& source,
                   const std::string* instance);
  void AddCells(const Family& family, Series& series, const double* cells, bool archive, bool this_boot);
  void AddGauge(layout::MergeMode mode, Series& series, const double* cells, bool archive, bool this_boot);
  void AddSlots(const Family& family, Series& series, const double* cells, const SegmentReader& segment,
                const ReadSeries& source);
  void AddExemplars(Series& series, const double* cells, const ReadSeries& source);
  void DropOldOwnerGauges();
  Bytes EncodeRecords(std::vector<double>& cells, uint64_t cells_offset) const;

  const ArchiveLimits limits_;
  const double now_ms_;
  layout::Header header_{};  // what is summed up in it
  std::vector<ScopeRecord> scopes_;
  std::map<Bytes, uint32_t> scope_by_content_;
  std::vector<Family> families_;
  std::map<Bytes, size_t> family_by_content_;
  uint32_t series_count_ = 0;
  std::vector<SegmentId> folded_;
};

}  // namespace prom
