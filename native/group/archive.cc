#include "group/archive.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "base/aligned_buffer.h"
#include "base/crc32c.h"
#include "base/double_double.h"
#include "base/unique_fd.h"
#include "format/merge_mode.h"
#include "format/record.h"

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

void AppendBytes(Bytes& out, const void* data, size_t length) {
  const auto* p = static_cast<const uint8_t*>(data);
  out.insert(out.end(), p, p + length);
}

}  // namespace

// The records and the cells that they name.
struct Archive::Output {
  Bytes records;
  std::vector<double> cells;

  uint64_t NextCell() const { return kCellsOffset + cells.size() * sizeof(double); }

  template <typename Record>
  void Append(RecordType type, const Record& record) {
    Bytes body = prom::Encode(record);
    size_t at = records.size();
    records.resize(at + RecordLength(body));
    WriteRecord(records.data() + at, type, RecordLength(body), body);
  }
};

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

Bytes Archive::Encode(const OwnerIdentity& self) {
  DropOldOwnerGauges();
  Output out;
  EncodeRecords(out);
  uint64_t cells_length = out.cells.size() * sizeof(double);

  Header header = header_;
  StampFormat(header, layout::FileKind::kArchive);
  if (header.archive_generation == 0) header.segment_id = NewSegmentId(self.pid, self.tid);
  header.archive_generation++;
  header.boot_id = self.boot_id;
  header.compacted_count = static_cast<uint32_t>(compacted_.size());
  header.state = static_cast<uint32_t>(layout::OwnerState::kClosed);
  header.records_end = out.records.size();
  header.extent_count = 2;
  header.extents[0] = {kCellsOffset, cells_length, static_cast<uint32_t>(ExtentType::kCells), 0, 0};
  header.extents[1] = {kCellsOffset + cells_length, header.records_end,
                       static_cast<uint32_t>(ExtentType::kRecords), 0, 0};
  Bytes file;
  file.reserve(sizeof header + cells_length + out.records.size());
  AppendBytes(file, &header, sizeof header);
  AppendBytes(file, out.cells.data(), cells_length);
  AppendBytes(file, out.records.data(), out.records.size());
  constexpr size_t kFromHere = offsetof(Header, records_end);
  header.archive_crc = Crc32c(file.data() + kFromHere, file.size() - kFromHere);
  header.header_crc = HeaderCrc(header);
  std::memcpy(file.data(), &header, kFromHere);
  return file;
}

void Archive::EncodeRecords(Output& out) {
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

void Archive::EncodeSeries(const MergedFamily& family, uint32_t index, Output& out) {
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
  for (const DoubleDouble& cell : cells) out.cells.push_back(cell.hi);
  for (const DoubleDouble& cell : cells) out.cells.push_back(cell.lo);
  if (sketch != nullptr) {
    for (const auto& [key, counts] : sketch->pages()) {
      out.Append(RecordType::kPage, PageRecord{record.cells_offset, out.NextCell(), 0, key.number, key.slot,
                                               key.schema, key.sign});
      out.cells.insert(out.cells.end(), counts.begin(), counts.end());
    }
  }
  for (const Exemplar& exemplar : accumulator_.exemplars(index)) {
    out.Append(RecordType::kExemplar, ExemplarRecord{record.cells_offset, out.NextCell(), exemplar.bucket});
    out.cells.push_back(1);  // the first slot counts
    out.cells.insert(out.cells.end(), exemplar.slot.begin(), exemplar.slot.end());
    out.cells.resize(out.cells.size() + layout::kExemplarSlotCells);
  }
}

SkipReason ArchiveFile::Update(int directory) {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, kArchiveName, &reason);
  if (!fd.valid()) {
    if (reason == SkipReason::kNone) *this = ArchiveFile();
    return reason;
  }
  FileSource source(fd.get());
  layout::Header header;
  if (!source.Read(&header, sizeof header, 0)) return SkipReason::kTruncated;
  tried_ = VersionOf(header);
  if (present() && tried_ == VersionOf(reader_.header())) return SkipReason::kNone;
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return SkipReason::kUnreadable;
  auto size = static_cast<uint64_t>(status.st_size);
  if (size < sizeof header || size > layout::kMaxSegmentBytes) return SkipReason::kCorrupt;
  AlignedBuffer bytes;
  if (!bytes.Reserve(size)) return SkipReason::kUnreadable;
  SegmentReader reader;
  reason = reader.Update(source);
  if (reason == SkipReason::kNone) reason = reader.ReadValues(source);
  if (reason != SkipReason::kNone) return reason;
  if (!source.Read(bytes.bytes(), size, 0)) return SkipReason::kTruncated;
  constexpr size_t kFromHere = offsetof(layout::Header, records_end);
  uint32_t crc = Crc32c(bytes.bytes() + kFromHere, size - kFromHere);
  if (!reader.is_archive() || reader.header().archive_crc != crc) return SkipReason::kCorrupt;
  reader_ = std::move(reader);
  compacted_ = {reader_.compacted().begin(), reader_.compacted().end()};
  bytes_ = size;
  return SkipReason::kNone;
}

bool ArchiveFile::IsCurrent(int directory) const {
  SkipReason reason;
  UniqueFd fd = OpenPlainFile(directory, kArchiveName, &reason);
  if (!fd.valid() && reason == SkipReason::kNone) return tried_ == Version{};
  layout::Header header;
  // An archive that cannot be read now leaves the scrape as it is.
  if (!fd.valid() || !FileSource(fd.get()).Read(&header, sizeof header, 0)) return true;
  return VersionOf(header) == tried_;
}

}  // namespace prom
