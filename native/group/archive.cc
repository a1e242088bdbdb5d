#include "group/archive.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/crc32c.h"
#include "base/double_double.h"
#include "format/merge_mode.h"
#include "format/segment_identity.h"

namespace prom {
namespace {

using layout::ExtentType;
using layout::Header;
using layout::MergeMode;
using layout::MetricType;
using layout::RecordType;

// Ids of one record, far below the longest record.
constexpr size_t kIdsOfRecord = 4096;
// The cells come before the records, which name them.
constexpr uint64_t kCellsOffset = layout::kHeaderSize;

bool IsKept(const FamilyRecord& family) {
  return family.type == MetricType::kGauge ? OutlivesOwner(family.merge_mode)
                                           : family.merge_mode == MergeMode::kSum;
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
  Bytes content = Encode(family);
  const auto* bytes = reinterpret_cast<const uint8_t*>(scopes.data());
  content.insert(content.end(), bytes, bytes + scopes.size() * sizeof(uint32_t));
  return content;
}

// The cells of a series with their low halves, as the drawing in format/layout.h has them.
std::vector<DoubleDouble> CellsOf(const MergedFamily& family, const double* values) {
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
    case MetricType::kSummary:  // without its age slots
      cells[0].hi = values[count - 1];
      cells[1] = {values[count - 2], values[count]};
  }
  return cells;
}

void SetSlots(const Sketch& sketch, std::vector<DoubleDouble>& cells) {
  auto cell = [&](size_t slot, size_t index) -> double& {
    return cells[layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells + index].hi;
  };
  for (size_t i = 0; i < sketch.slots().size(); i++) {
    const Sketch::Slot& slot = sketch.slots()[i];
    const double own[] = {slot.epoch, 0, slot.n, slot.zero, slot.min, slot.max};
    for (size_t k = 0; k < std::size(own); k++) cell(i, k) = own[k];
  }
  // The lowest schema of a slot comes first.
  for (auto page = sketch.pages().rbegin(); page != sketch.pages().rend(); ++page) {
    cell(page->first.slot, 6) = page->first.schema;
  }
}

void AppendBytes(Bytes& out, const void* data, size_t length) {
  const auto* p = static_cast<const uint8_t*>(data);
  out.insert(out.end(), p, p + length);
}

void AppendRecord(Bytes& out, RecordType type, Bytes body) {
  body.resize((body.size() + layout::kRecordAlignment - 1) / layout::kRecordAlignment *
              layout::kRecordAlignment);
  layout::RecordHeader head{static_cast<uint32_t>(layout::kRecordHeaderSize + body.size()),
                            static_cast<uint16_t>(type), 0, 0,
                            static_cast<uint32_t>(layout::RecordState::kLive)};
  head.crc = RecordCrc(head, body.data());
  AppendBytes(out, &head, sizeof head);
  AppendBytes(out, body.data(), body.size());
}

}  // namespace

void Archive::Add(const MergeInput& input) {
  AddHeader(input.reader->header(), input.reader->is_archive());
  SegmentPlan plan = PlanFamilies(*input.reader);
  header_.dropped_series += plan_.AddSeries(input, segments_++, plan);
  accumulator_.Add(plan_, input, plan, now_ms_);
}

void Archive::AddHeader(const Header& header, bool archive) {
  if (archive) {
    std::memcpy(header_.segment_id, header.segment_id, sizeof header_.segment_id);
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

Bytes Archive::Encode(const OwnerIdentity& self) {
  DropOldOwnerGauges();
  Bytes records;
  std::vector<double> cells;
  EncodeRecords(records, cells);

  Header header = header_;
  StampFormat(header, layout::FileKind::kArchive);
  if (header.archive_generation == 0) {
    SegmentId id = NewSegmentId(self.pid, self.tid);
    std::memcpy(header.segment_id, id.data(), id.size());
  }
  header.archive_generation++;
  std::memcpy(header.boot_id, self.boot_id, sizeof header.boot_id);
  header.compacted_count = static_cast<uint32_t>(compacted_.size());
  header.state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  header.records_end = records.size();
  header.extent_count = 2;
  uint64_t cells_length = cells.size() * sizeof(double);
  header.extents[0] = {kCellsOffset, cells_length, static_cast<uint32_t>(ExtentType::kCells), 0, 0};
  header.extents[1] = {kCellsOffset + cells_length, records.size(),
                       static_cast<uint32_t>(ExtentType::kRecords), 0, 0};

  Bytes file;
  file.reserve(sizeof header + cells_length + records.size());
  AppendBytes(file, &header, sizeof header);
  AppendBytes(file, cells.data(), cells_length);
  AppendBytes(file, records.data(), records.size());
  constexpr size_t kFromHere = offsetof(Header, records_end);
  header.archive_crc = Crc32c(file.data() + kFromHere, file.size() - kFromHere);
  header.header_crc = HeaderCrc(header);
  std::memcpy(file.data(), &header, kFromHere);
  return file;
}

void Archive::EncodeRecords(Bytes& records, std::vector<double>& cells) {
  for (size_t first = 0; first < compacted_.size(); first += kIdsOfRecord) {
    auto from = compacted_.begin() + static_cast<ptrdiff_t>(first);
    auto count = static_cast<ptrdiff_t>(std::min(kIdsOfRecord, compacted_.size() - first));
    AppendRecord(records, RecordType::kCompacted, prom::Encode(CompactedRecord{{from, from + count}}));
  }
  for (uint32_t id : scope_order_) AppendRecord(records, RecordType::kScope, prom::Encode(scopes_[id]));
  std::vector<bool> encoded(plan_.families().size());
  for (const MergedFamily& family : plan_.families()) {
    for (uint32_t series : family.series) {
      if (!accumulator_.HasValue(family, series)) continue;
      if (!encoded[family.definition.id]) {
        AppendRecord(records, RecordType::kFamily, prom::Encode(family.definition));
        encoded[family.definition.id] = true;
      }
      EncodeSeries(family, series, records, cells);
    }
  }
  for (const MemberRecord& member : members_) {
    if (encoded[member.family]) AppendRecord(records, RecordType::kMember, prom::Encode(member));
  }
}

void Archive::EncodeSeries(const MergedFamily& family, uint32_t index, Bytes& records,
                           std::vector<double>& cells) {
  auto next_cell = [&] { return kCellsOffset + cells.size() * sizeof(double); };
  const MergedSeries& series = plan_.series()[index];
  std::vector<DoubleDouble> own = CellsOf(family, accumulator_.values(series));
  bool summary = family.definition.type == MetricType::kSummary;
  if (summary) {
    SetSlots(accumulator_.sketch(series), own);
  }
  SeriesRecord record{family.definition.id,
                      static_cast<uint32_t>(2 * own.size()),
                      next_cell(),
                      plan_.identity(index).created_ms,
                      {}};
  const std::vector<std::string>& names = family.definition.label_names;
  for (const Label& label : plan_.identity(index).labels) {
    auto name = std::find(names.begin(), names.end(), label.name);
    record.labels.push_back({static_cast<uint16_t>(name - names.begin()), label.kind, label.text});
  }
  AppendRecord(records, RecordType::kSeries, prom::Encode(record));
  for (const DoubleDouble& cell : own) cells.push_back(cell.hi);
  for (const DoubleDouble& cell : own) cells.push_back(cell.lo);
  if (summary) {
    for (const auto& [key, counts] : accumulator_.sketch(series).pages()) {
      PageRecord page{record.cells_offset, next_cell(), 0, key.number, key.slot, key.schema, key.sign};
      AppendRecord(records, RecordType::kPage, prom::Encode(page));
      cells.insert(cells.end(), counts.begin(), counts.end());
    }
  }
  if (const std::vector<Exemplar>* exemplars = accumulator_.exemplars(index)) {
    for (const Exemplar& exemplar : *exemplars) {
      ExemplarRecord exemplar_record{record.cells_offset, next_cell(), exemplar.bucket};
      AppendRecord(records, RecordType::kExemplar, prom::Encode(exemplar_record));
      cells.push_back(1);  // the first slot counts
      cells.insert(cells.end(), exemplar.slot.begin(), exemplar.slot.end());
      cells.resize(cells.size() + layout::kExemplarSlotCells);
    }
  }
}

}  // namespace prom
