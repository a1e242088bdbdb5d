#include "group/archive.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

#include "base/double_double.h"
#include "files/directory.h"
#include "format/merge_mode.h"
#include "format/record.h"
#include "group/archive_writer.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::MergeMode;
using layout::MetricType;
using layout::RecordType;

// Ids of one record, far below the longest record.
constexpr size_t kIdsOfRecord = 4096;
constexpr auto kPageLength = static_cast<int32_t>(layout::kPageCells);

bool IsKept(const FamilyRecord& family) {
  bool scalar = family.type == MetricType::kGauge || family.type == MetricType::kCounter;
  return scalar ? OutlivesOwner(family.merge_mode) : family.merge_mode == MergeMode::kSum;
}

// A family of an archive, as it will be encoded.
FamilyRecord Archived(FamilyRecord family) {
  std::vector<std::string>& names = family.label_names;
  bool has_pid = std::find(names.begin(), names.end(), "pid") != names.end();
  if (IsPerOwner(family.merge_mode) && !has_pid) names.push_back("pid");
  return family;
}

// Families are one when their definitions, but for the help text, their scopes and the scopes' default labels are the same.
Bytes ContentOf(FamilyRecord family, const std::vector<uint32_t>& scopes) {
  family.id = 0;
  family.help.clear();
  family.unit.clear();
  Bytes content = Encode(family);
  const auto* bytes = reinterpret_cast<const uint8_t*>(scopes.data());
  content.insert(content.end(), bytes, bytes + scopes.size() * sizeof(uint32_t));
  return content;
}

// The cells of a series with their low halves, as the drawing in format/layout.h has them.
std::vector<DoubleDouble> CellsOf(const MergedFamily& family, const double* values, const Sketch* sketch) {
  std::vector<DoubleDouble> cells(family.definition.CellCount());
  const uint32_t count = family.value_count;
  switch (family.definition.type) {
    case MetricType::kCounter:
    case MetricType::kGauge:
      cells[0].hi = values[0];
      (cells.size() == 1 ? cells[0].lo : cells[1].hi) = values[1];
      break;
    case MetricType::kHistogram:
      cells[0] = {values[0], values[count]};
      for (uint32_t i = 1; i < count; i++) {
        cells[1].hi += values[i];
        cells[i + 1].hi = values[i];
      }
      break;
    case MetricType::kSummary: {
      cells[0].hi = values[count - 1];
      cells[1] = {values[count - 2], values[count]};
      DoubleDouble* slots = &cells[layout::kSummaryHeaderCells];
      for (const Sketch::Slot& slot : sketch->slots()) {
        slots[layout::kSlotEpoch].hi = slot.epoch;
        slots[layout::kSlotN].hi = slot.n;
        slots[layout::kSlotZero].hi = slot.zero;
        slots[layout::kSlotMin].hi = slot.min;
        slots[layout::kSlotMax].hi = slot.max;
        slots[layout::kSlotSchema].hi = slot.schema;
        slots += layout::kSummarySlotCells;
      }
    }
  }
  return cells;
}

// The number of the page with bucket `key`; keys may be negative.
int32_t PageOf(int32_t key) { return (key >= 0 ? key : key - kPageLength + 1) / kPageLength; }

// An upper bound for what a segment adds to the file: its cells come twice, and the series of each owner may get a label `pid`.
uint64_t MostBytesOf(const SegmentReader& reader) {
  constexpr uint64_t kInstanceLabel = 64;
  uint64_t bytes = reader.series().size() * kInstanceLabel;
  const uint64_t times = reader.is_archive() ? 1 : 2;
  for (uint32_t i = 0; i < reader.header().extent_count; i++) {
    bytes += times * reader.header().extents[i].length;
  }
  return bytes;
}

}  // namespace

void Archive::Add(const MergeInput& input) {
  const Header& header = input.reader->header();
  bool archive = input.reader->is_archive();
  if (archive) {
    header_.segment_id = header.segment_id;
    header_.archive_generation = header.archive_generation;
  }
  header_.compacted_owners += archive ? header.compacted_owners : 1;
  header_.dropped_series += header.dropped_series;
  header_.dropped_updates += header.dropped_updates;
  header_.collect_failures += header.collect_failures;
  header_.compaction_failures += header.compaction_failures;
  // Its series stand where those of the oldest owner in it stood.
  if (header_.created_realtime_ns == 0 || header.created_realtime_ns < header_.created_realtime_ns) {
    header_.created_realtime_ns = header.created_realtime_ns;
    header_.created_boottime_ns = header.created_boottime_ns;
  }
  most_bytes_ += MostBytesOf(*input.reader);
  SegmentPlan plan = PlanFamilies(*input.reader);
  header_.dropped_series += plan_.AddSeries(input, segments_++, plan);
  accumulator_.Add(plan_, input, plan, now_ms_);
}

// Families of different content stay apart here; a scrape merges them.
SegmentPlan Archive::PlanFamilies(const SegmentReader& reader) {
  for (uint32_t i = 0; i < reader.scopes().size(); i++) {
    if (reader.scopes()[i].flags != 0 && reader.IsCurrentScope(i)) ScopeOf(reader.scopes()[i]);
  }
  SegmentPlan plan{0, std::vector<FamilyPlan>(reader.families().size())};
  std::vector<Membership> memberships = reader.Memberships();
  std::vector<std::vector<uint32_t>> scopes(reader.families().size());
  std::erase_if(memberships,
                [&](const Membership& member) { return !IsKept(reader.families()[member.family].record); });
  for (const Membership& member : memberships) {
    scopes[member.family].push_back(ScopeOf(reader.scopes()[member.scope]));
  }
  auto known_families = static_cast<int32_t>(plan_.families().size());
  for (const Membership& member : memberships) {
    int32_t& merged = plan.by_family[member.family].merged;
    if (merged < 0) {
      FamilyRecord family = Archived(reader.families()[member.family].record);
      auto next = static_cast<int32_t>(plan_.families().size());
      auto [found, added] = family_by_content_.try_emplace(ContentOf(family, scopes[member.family]), next);
      merged = found->second;
      if (added) {
        family.id = static_cast<uint32_t>(next);
        plan_.AddFamily(std::move(family));
      }
    }
    // In the order of the segment, so that any view has its families in that order.
    if (merged >= known_families) {
      members_.push_back({ScopeOf(reader.scopes()[member.scope]), static_cast<uint32_t>(merged)});
    }
  }
  return plan;
}

uint32_t Archive::ScopeOf(const ScopeRecord& scope) {
  ScopeRecord content = scope;
  content.id = content.flags = 0;
  auto [known, added] =
      scope_by_content_.try_emplace(prom::Encode(content), static_cast<uint32_t>(scopes_.size()));
  uint32_t id = known->second;
  if (added) {
    content.id = id;
    scopes_.push_back(std::move(content));
  }
  // Chosen scopes stand in the order in which they were chosen first.
  bool chosen = scopes_[id].flags == 0 && scope.flags != 0;
  if (chosen) std::erase(scope_order_, id);
  if (added || chosen) scope_order_.push_back(id);
  scopes_[id].flags |= scope.flags;
  return id;
}

void Archive::Remove(const SeriesFilter& filter) {
  for (const MemberRecord& member : members_) {
    MergedFamily& family = plan_.families()[member.family];
    if (scopes_[member.scope].name != filter.scope || !filter.WantsFamily(family.definition)) continue;
    std::erase_if(family.series, [&](uint32_t series) {
      return filter.WantsSeries(plan_.identity(series).labels, family.definition.merge_mode);
    });
  }
}

void Archive::DropOldOwnerGauges() {
  std::vector<double> created;
  auto for_each_family = [&](auto each) {
    for (MergedFamily& family : plan_.families()) {
      if (IsPerOwner(family.definition.merge_mode)) each(family.series);
    }
  };
  for_each_family([&](const std::vector<uint32_t>& all) {
    for (uint32_t series : all) created.push_back(plan_.identity(series).created_ms);
  });
  if (created.size() <= limits_.owner_gauges) return;
  double oldest_kept = INFINITY;  // none is where there is no room at all
  if (limits_.owner_gauges > 0) {
    auto place = created.end() - limits_.owner_gauges;
    std::nth_element(created.begin(), place, created.end());
    oldest_kept = *place;
  }
  for_each_family([&](std::vector<uint32_t>& all) {
    std::erase_if(all, [&](uint32_t series) { return plan_.identity(series).created_ms < oldest_kept; });
  });
}

bool Archive::Fits() {
  if (most_bytes_ > limits_.bytes) {
    accumulator_.FinishNative();
    ArchiveWriter measured;
    EncodeContent(measured);
    most_bytes_ = sizeof(Header) + measured.cells_length() + measured.records_length();
  }
  return most_bytes_ <= limits_.bytes;
}

std::optional<SystemError> Archive::Write(int fd, const OwnerIdentity& self) {
  accumulator_.FinishNative();
  DropOldOwnerGauges();
  ArchiveWriter measured;
  EncodeContent(measured);
  uint64_t cells_length = measured.cells_length();

  Header header = header_;
  StampFormat(header, layout::FileKind::kArchive);
  if (header.archive_generation == 0) header.segment_id = NewSegmentId(self.pid, self.tid);
  header.archive_generation++;
  header.boot_id = self.boot_id;
  header.compacted_count = static_cast<uint32_t>(compacted_.size());
  header.state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  header.records_end = measured.records_length();
  header.extent_count = 2;
  header.extents[0] = {layout::kHeaderSize, cells_length, static_cast<uint32_t>(ExtentType::kCells), 0, 0};
  header.extents[1] = {layout::kHeaderSize + cells_length, header.records_end,
                       static_cast<uint32_t>(ExtentType::kRecords), 0, 0};
  // Its first part, which has the checksum of all the rest, comes last.
  constexpr size_t kFromHere = offsetof(Header, records_end);
  if (::lseek(fd, kFromHere, SEEK_SET) < 0) return SystemError{errno, "lseek", ""};
  ArchiveWriter out(fd, measured.records_length());
  out.Write(reinterpret_cast<const uint8_t*>(&header) + kFromHere, sizeof header - kFromHere);
  EncodeContent(out);
  if (int error = out.Finish()) return SystemError{error, "write", ""};
  header.archive_crc = out.crc();
  header.header_crc = HeaderCrc(header);
  if (::lseek(fd, 0, SEEK_SET) < 0) return SystemError{errno, "lseek", ""};
  if (!WriteWhole(fd, &header, kFromHere)) return SystemError{errno, "write", ""};
  return std::nullopt;
}

void Archive::EncodeContent(ArchiveWriter& out) const {
  for (size_t first = 0; first < compacted_.size(); first += kIdsOfRecord) {
    auto from = compacted_.begin() + static_cast<ptrdiff_t>(first);
    auto count = static_cast<ptrdiff_t>(std::min(kIdsOfRecord, compacted_.size() - first));
    out.Append(RecordType::kCompacted, CompactedRecord{{from, from + count}});
  }
  for (uint32_t id : scope_order_) out.Append(RecordType::kScope, scopes_[id]);
  std::vector<bool> encoded(plan_.families().size());
  for (const MergedFamily& family : plan_.families()) {
    for (uint32_t series : family.series) {
      if (!accumulator_.HasValue(family, series)) continue;
      if (!encoded[family.definition.id]) out.Append(RecordType::kFamily, family.definition);
      encoded[family.definition.id] = true;
      EncodeSeries(family, series, out);
    }
  }
  for (const MemberRecord& member : members_) {
    if (encoded[member.family]) out.Append(RecordType::kMember, member);
  }
}

void Archive::EncodeSeries(const MergedFamily& family, uint32_t index, ArchiveWriter& out) const {
  const MergedSeries& series = plan_.series()[index];
  const MergedIdentity& identity = plan_.identity(index);
  const Sketch* sketch =
      family.definition.type == MetricType::kSummary ? &accumulator_.sketch(series) : nullptr;
  std::vector<DoubleDouble> cells = CellsOf(family, accumulator_.values(series), sketch);
  SeriesRecord record{
      family.definition.id, static_cast<uint32_t>(2 * cells.size()), out.NextCell(), identity.created_ms, {}};
  const std::vector<std::string>& names = family.definition.label_names;
  for (const Label& label : identity.labels) {
    auto name = std::find(names.begin(), names.end(), label.name);
    record.labels.push_back({static_cast<uint16_t>(name - names.begin()), label.kind, label.text});
  }
  out.Append(RecordType::kSeries, record);
  std::vector<double> halves;
  for (const DoubleDouble& cell : cells) halves.push_back(cell.hi);
  for (const DoubleDouble& cell : cells) halves.push_back(cell.lo);
  out.AppendCells(halves);
  if (sketch != nullptr) {
    for (const auto& [key, counts] : sketch->pages()) {
      out.Append(RecordType::kPage, PageRecord{record.cells_offset, out.NextCell(), 0, key.number, key.slot,
                                               key.schema, key.sign});
      out.AppendCells(counts);
    }
  }
  if (const NativeSum* native = accumulator_.native(index)) EncodeNative(*native, record.cells_offset, out);
  for (const Exemplar& exemplar : accumulator_.exemplars(index)) {
    out.Append(RecordType::kExemplar, ExemplarRecord{record.cells_offset, out.NextCell(), exemplar.bucket});
    std::array<double, layout::kExemplarCells> exemplar_cells{1};  // the first slot counts
    std::copy(exemplar.slot.begin(), exemplar.slot.end(), exemplar_cells.begin() + 1);
    out.AppendCells(exemplar_cells);
  }
}

void Archive::EncodeNative(const NativeSum& native, uint64_t series_offset, ArchiveWriter& out) {
  out.Append(RecordType::kNative, NativeRecord{series_offset, out.NextCell(), native.zero_threshold()});
  out.AppendCells(std::array{0.0, static_cast<double>(native.schema()), native.zero_count()});
  for (int8_t sign : {int8_t{1}, int8_t{-1}}) {
    const std::vector<NativeSum::Bucket>& buckets = sign > 0 ? native.positive() : native.negative();
    for (auto bucket = buckets.begin(); bucket != buckets.end();) {
      int32_t number = PageOf(bucket->key);
      std::array<double, layout::kPageCells> counts{};
      for (; bucket != buckets.end() && PageOf(bucket->key) == number; ++bucket) {
        counts[static_cast<size_t>(bucket->key - number * kPageLength)] = bucket->count;
      }
      out.Append(RecordType::kNativePage, PageRecord{series_offset, out.NextCell(), 0, number,
                                                     layout::kNativeSlot, native.schema(), sign});
      out.AppendCells(counts);
    }
  }
}

}  // namespace prom
