#include "group/archive.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "format/merge_mode.h"
#include "merge/label_text.h"

namespace prom {
namespace {

using layout::MergeMode;
using layout::MetricType;

// Cells of an age slot.
enum Slot : uint32_t { kEpoch, kGeneration, kN, kZero, kMin, kMax, kSchema };

bool IsKept(const FamilyRecord& family) {
  return family.type == MetricType::kGauge ? OutlivesOwner(family.merge_mode)
                                           : family.merge_mode == MergeMode::kSum;
}

// The newest record of each scope, by id.
std::map<uint32_t, const ScopeRecord*> ScopesOf(const SegmentReader& segment) {
  std::map<uint32_t, const ScopeRecord*> scopes;
  for (const ScopeRecord& scope : segment.scopes()) scopes[scope.id] = &scope;
  return scopes;
}

Bytes WithoutId(ScopeRecord scope) {
  scope.id = 0;
  return prom::Encode(scope);
}

}  // namespace

void Archive::Add(const SegmentReader& segment, const std::string& instance, bool this_boot) {
  bool archive = segment.is_archive();
  AddHeader(segment.header(), archive);
  std::vector<std::optional<size_t>> places = AddFamilies(segment);
  for (const ReadSeries& source : segment.series()) {
    if (!places[source.family]) continue;
    Family& family = families_[*places[source.family]];
    const double* cells = segment.values() + source.cell;
    MergeMode mode = family.record.merge_mode;
    if (IsMostRecent(mode) && cells[1] == 0) continue;  // never set
    bool apart = IsPerOwner(mode) && !archive;
    Series* series = SeriesOf(family, segment.families()[source.family].record, source.record,
                              apart ? &instance : nullptr);
    if (series == nullptr) continue;
    AddCells(family, *series, cells, archive, this_boot);
    if (family.record.type == MetricType::kSummary) AddSlots(family, *series, cells, segment, source);
    AddExemplars(*series, segment.values(), source);
  }
}

void Archive::AddHeader(const layout::Header& header, bool archive) {
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

// Where each family of the segment goes. Families are one when their definitions, but for the help text, their scopes and
// the scopes' default labels are the same; a scrape merges what is left apart here.
std::vector<std::optional<size_t>> Archive::AddFamilies(const SegmentReader& segment) {
  std::map<uint32_t, const ScopeRecord*> scopes = ScopesOf(segment);
  std::unordered_map<uint32_t, std::vector<const ScopeRecord*>> scopes_of;  // by family id
  for (const ReadMember& member : segment.members()) {
    auto scope = scopes.find(member.record.scope);
    if (member.live && scope != scopes.end()) scopes_of[member.record.family].push_back(scope->second);
  }
  std::vector<std::optional<size_t>> places(segment.families().size());
  std::unordered_map<uint32_t, size_t> last_of;  // of several with one id a scrape shows the last
  for (size_t i = 0; i < places.size(); i++) {
    if (segment.families()[i].live) last_of[segment.families()[i].record.id] = i;
  }
  for (size_t i = 0; i < places.size(); i++) {
    const ReadFamily& source = segment.families()[i];
    if (!source.live || last_of[source.record.id] != i || !IsKept(source.record)) continue;
    Family family;
    for (const ScopeRecord* scope : scopes_of[source.record.id]) family.scopes.push_back(ScopeOf(*scope));
    if (family.scopes.empty()) continue;  // no scrape shows it
    family.record = source.record;
    std::vector<std::string>& names = family.record.label_names;
    if (IsPerOwner(family.record.merge_mode) && std::find(names.begin(), names.end(), "pid") == names.end()) {
      names.push_back("pid");
    }
    FamilyRecord content = family.record;
    content.id = 0;
    content.help.clear();
    Bytes key = prom::Encode(content);
    for (uint32_t scope : family.scopes) {
      const auto* p = reinterpret_cast<const uint8_t*>(&scope);
      key.insert(key.end(), p, p + sizeof scope);
    }
    auto [known, added] = family_by_content_.try_emplace(std::move(key), families_.size());
    if (added) {
      family.record.id = static_cast<uint32_t>(families_.size()) + 1;
      families_.push_back(std::move(family));
    }
    places[i] = known->second;
  }
  return places;
}

uint32_t Archive::ScopeOf(const ScopeRecord& scope) {
  auto [known, added] =
      scope_by_content_.try_emplace(WithoutId(scope), static_cast<uint32_t>(scopes_.size()));
  if (added) {
    scopes_.push_back(scope);
    scopes_.back().id = known->second;
  }
  return known->second;
}

// The series of the same labels, made if need be; null when there is no room for another.
Archive::Series* Archive::SeriesOf(Family& family, const FamilyRecord& definition, const SeriesRecord& source,
                                   const std::string* instance) {
  std::vector<Label> labels = LabelsOf(source, definition);
  if (instance != nullptr) SetInstance(labels, *instance);
  auto [known, added] = family.by_labels.try_emplace(LabelKey(labels), family.series.size());
  if (!added) return &family.series[known->second];
  if (series_count_ >= limits_.series) {
    family.by_labels.erase(known);
    header_.dropped_series++;
    return nullptr;
  }
  series_count_++;
  Series series;
  series.record.family = family.record.id;
  series.record.created_ms = source.created_ms;
  for (Label& label : labels) {
    auto name = std::find(family.record.label_names.begin(), family.record.label_names.end(), label.name);
    series.record.labels.push_back(
        {static_cast<uint16_t>(name - family.record.label_names.begin()), label.kind, std::move(label.text)});
  }
  series.cells.resize(family.record.CellCount());
  if (MergeMode mode = family.record.merge_mode; mode == MergeMode::kMin || mode == MergeMode::kMax) {
    series.cells[0].hi = NAN;  // any number is better
  }
  family.series.push_back(std::move(series));
  return &family.series.back();
}

void Archive::AddCells(const Family& family, Series& series, const double* cells, bool archive,
                       bool this_boot) {
  auto sum = [&](size_t i) {
    series.cells[i].Add(cells[i]);
    if (archive) series.cells[i].Add(cells[series.cells.size() + i]);
  };
  // Counts of events are whole numbers: they have no second half, and a merge reads none.
  auto count = [&](size_t i) { series.cells[i].hi += cells[i]; };
  switch (family.record.type) {
    case MetricType::kCounter:
      return sum(0);
    case MetricType::kGauge:
      return AddGauge(family.record.merge_mode, series, cells, archive, this_boot);
    case MetricType::kHistogram:
      sum(0);
      for (size_t i = 1; i < series.cells.size(); i++) count(i);
      return;
    case MetricType::kSummary:  // the age slots are added by AddSlots()
      count(0);
      return sum(1);
  }
}

void Archive::AddGauge(MergeMode mode, Series& series, const double* cells, bool archive, bool this_boot) {
  DoubleDouble& value = series.cells[0];
  switch (mode) {
    case MergeMode::kSum:
      value.Add(cells[0]);
      if (archive) value.Add(cells[1]);
      return;
    case MergeMode::kMin:
    case MergeMode::kMax:
      if (Better(mode == MergeMode::kMin, cells[0], value.hi)) value = {cells[0], 0};
      return;
    case MergeMode::kMostRecent: {
      double time = SetTime(cells[1], this_boot);
      if (time > series.cells[1].hi) series.cells = {{cells[0], 0}, {time, 0}};
      return;
    }
    default:  // all: a pid that is used again is the newer owner's
      value = {cells[0], 0};
  }
}

void Archive::AddSlots(const Family& family, Series& series, const double* cells,
                       const SegmentReader& segment, const ReadSeries& source) {
  const FamilyRecord& record = family.record;
  double now = std::isfinite(record.slot_ms) ? std::floor(now_ms_ / record.slot_ms) : 1;
  for (uint32_t slot = 0; slot < record.age_buckets; slot++) {
    uint32_t at = layout::kSummaryHeaderCells + slot * layout::kSummarySlotCells;
    const double* own = cells + at;
    bool current = own[kEpoch] > now - record.age_buckets && own[kEpoch] <= now && own[kN] > 0;
    if (!current) continue;
    DoubleDouble* to = &series.cells[at];
    // The owners' clock is one, so two epochs in one slot are a window apart: only the later counts.
    if (own[kEpoch] < to[kEpoch].hi) continue;
    if (own[kEpoch] > to[kEpoch].hi) {
      std::erase_if(series.pages, [slot](const Page& page) { return page.slot == slot; });
      to[kEpoch].hi = own[kEpoch];
      to[kN].hi = 0;
      to[kZero].hi = 0;
      to[kMin].hi = own[kMin];
      to[kMax].hi = own[kMax];
      to[kSchema].hi = own[kSchema];
    }
    to[kN].hi += own[kN];
    to[kZero].hi += own[kZero];
    to[kMin].hi = std::fmin(to[kMin].hi, own[kMin]);
    to[kMax].hi = std::fmax(to[kMax].hi, own[kMax]);
    for (const ReadPage& page : source.pages) {
      if (page.slot != slot || page.generation != own[kGeneration]) continue;
      auto known = std::find_if(series.pages.begin(), series.pages.end(), [&](const Page& other) {
        return other.slot == slot && other.sign == page.sign && other.schema == page.schema &&
               other.number == page.number;
      });
      if (known == series.pages.end()) {
        known = series.pages.insert(known,
                                    {static_cast<uint16_t>(slot), page.sign, page.schema, page.number, {}});
      }
      const double* counts = segment.values() + page.cell;
      for (uint32_t i = 0; i < layout::kPageCells; i++) known->cells[i] += counts[i];
    }
  }
}

void Archive::AddExemplars(Series& series, const double* cells, const ReadSeries& source) {
  // The slot that counts, of which the second cell is the time.
  auto slot = [](const double* own) { return own + 1 + (own[0] == 2 ? layout::kExemplarSlotCells : 0); };
  for (const ReadExemplar& exemplar : source.exemplars) {
    const double* own = cells + exemplar.cell;
    if (own[0] != 1 && own[0] != 2) continue;  // none yet
    auto [known, added] = series.exemplars.try_emplace(exemplar.bucket);
    if (!added && !(slot(own)[1] > slot(known->second.data())[1])) continue;
    std::copy_n(own, layout::kExemplarCells, known->second.begin());
  }
}

void Archive::Remove(const SeriesFilter& filter) {
  for (Family& family : families_) {
    bool in_scope = std::any_of(family.scopes.begin(), family.scopes.end(),
                                [&](uint32_t scope) { return scopes_[scope].name == filter.scope; });
    if (!in_scope || !filter.WantsFamily(family.record)) continue;
    std::erase_if(family.series,
                  [&](const Series& series) { return filter.WantsSeries(series.record, family.record); });
    family.by_labels.clear();  // nothing is added after it
  }
}

void Archive::DropOldOwnerGauges() {
  std::vector<double> created;
  for (const Family& family : families_) {
    if (!IsPerOwner(family.record.merge_mode)) continue;
    for (const Series& series : family.series) created.push_back(series.record.created_ms);
  }
  if (created.size() <= limits_.owner_gauges) return;
  double oldest_kept = INFINITY;  // none is where there is no room at all
  if (limits_.owner_gauges > 0) {
    auto place = created.end() - limits_.owner_gauges;
    std::nth_element(created.begin(), place, created.end());
    oldest_kept = *place;
  }
  for (Family& family : families_) {
    if (!IsPerOwner(family.record.merge_mode)) continue;
    std::erase_if(family.series,
                  [&](const Series& series) { return series.record.created_ms < oldest_kept; });
  }
}

}  // namespace prom
