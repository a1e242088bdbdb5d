#include <string>
#include <utility>

#include "platform/clock.h"
#include "render/render.h"

namespace prom {
namespace {

using layout::MetricType;
using enum layout::MetricType;

// Metrics of trouble, which are hidden at 0.
constexpr struct {
  std::string_view name;
  MetricType type;
  std::string_view help;
  uint64_t GroupStats::*count;
} kTrouble[] = {
    {"late_owners", kGauge, "Owners whose collect functions had not run by the deadline.", &GroupStats::late},
    {"owners_without_room", kGauge,
     "Owners of which some series found no room in the file: scrapes of the group lack them.",
     &GroupStats::without_room},
    {"conflicting_families", kGauge, "Families left out because another definition of their name is newer.",
     &GroupStats::conflicts},
    {"skipped_records", kGauge, "Families and series left out because their records contradict the format.",
     &GroupStats::skipped_records},
    {"collect_failures", kCounter, "Collect functions that threw while another process scraped.",
     &GroupStats::collect_failures},
    {"compaction_failures", kCounter,
     "Compactions that left dead owners outside the archive, for want of room.",
     &GroupStats::compaction_failures},
    {"dropped_series", kCounter, "Series of dead owners that were over the limit of the archive.",
     &GroupStats::dropped_series},
    {"dropped_updates", kCounter, "Updates that were lost with series over maxSeries.",
     &GroupStats::dropped_updates},
};

// Only these names, among those that an exposition has at all.
class Families {
 public:
  explicit Families(const FamilyNames& names) : names_(names) {}

  // A label whose name is '' is none.
  void Add(std::string_view name, MetricType type, std::string_view help, double value,
           std::string_view label = "", std::string_view text = "") {
    std::string full = "prom_client_mmap_" + std::string(name);
    if (type == MetricType::kCounter) full += "_total";
    if (!HasName(names_, full)) return;
    if (families_.empty() || families_.back().name != full) families_.push_back({full, type, help, {}});
    families_.back().samples.push_back({label, text, value});
  }

  std::vector<SelfFamily> Take() { return std::move(families_); }

 private:
  const FamilyNames& names_;
  std::vector<SelfFamily> families_;
};

}  // namespace

std::vector<SelfFamily> SelfMetrics(const GroupStats& stats, const FamilyNames& names) {
  Families families(names);
  if (stats.shown == SelfMetricsShown::kNone) return {};
  const bool all = stats.shown == SelfMetricsShown::kAll;
  if (all) {
    constexpr std::string_view kHelp =
        "Owners of segments: alive, and dead but not compacted into the archive yet.";
    families.Add("owners", kGauge, kHelp, static_cast<double>(stats.live), "state", "live");
    families.Add("owners", kGauge, kHelp, static_cast<double>(stats.dead), "state", "dead");
    families.Add("processes", kGauge, "Living processes: all owners of a process are one.",
                 static_cast<double>(stats.processes));
    families.Add("compacted_owners", kCounter, "Dead owners that were compacted into the archive.",
                 static_cast<double>(stats.compacted));
  }
  for (auto [reason, count] : stats.skipped) {
    families.Add("skipped_files", kGauge, "Files in the group's directory that were not read, by reason.",
                 count, "reason", kSkipReasonNames[reason]);
  }
  for (const auto& trouble : kTrouble) {
    auto count = static_cast<double>(stats.*trouble.count);
    if (count > 0 || all) families.Add(trouble.name, trouble.type, trouble.help, count);
  }
  if (!all) return families.Take();
  families.Add("bytes", kGauge, "Bytes of the files that were read.", static_cast<double>(stats.bytes));
  if (stats.storage) {
    families.Add("storage_size_bytes", kGauge, "Size of the file system with the group's directory.",
                 static_cast<double>(stats.storage->size));
    families.Add("storage_available_bytes", kGauge, "Room in the file system with the group's directory.",
                 static_cast<double>(stats.storage->available));
  }
  auto add_phase = [&](std::string_view phase, double seconds) {
    families.Add("scrape_duration_seconds", kGauge, "Seconds that this scrape took, by phase.", seconds,
                 "phase", phase);
  };
  for (const auto& [phase, seconds] : stats.phases) add_phase(phase, seconds);
  add_phase("render", static_cast<double>(BoottimeNs() - stats.render_from_ns) / 1e9);
  families.Add("native", kGauge, "1 where metrics are shared by the native addon.", stats.shared ? 1 : 0);
  return families.Take();
}

}  // namespace prom
