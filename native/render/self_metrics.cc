#include <string>

#include "merge/label_text.h"
#include "platform/clock.h"
#include "render/render.h"

namespace prom {
namespace {

// Metrics of trouble, which are hidden at 0.
constexpr struct {
  std::string_view name, type, help;
  uint64_t GroupStats::*count;
} kTrouble[] = {
    {"late_owners", "gauge", "Owners whose collect functions had not run by the deadline.",
     &GroupStats::late},
    {"conflicting_families", "gauge", "Families left out because another definition of their name is newer.",
     &GroupStats::conflicts},
    {"skipped_records", "gauge", "Families and series left out because their records contradict the format.",
     &GroupStats::skipped_records},
    {"collect_failures", "counter", "Collect functions that threw while another process scraped.",
     &GroupStats::collect_failures},
    {"compaction_failures", "counter",
     "Compactions of dead owners that could not be written; they are tried again.",
     &GroupStats::compaction_failures},
    {"dropped_series", "counter", "Series that were over a limit and are not counted.",
     &GroupStats::dropped_series},
    {"dropped_updates", "counter", "Updates that were lost with series over a limit.",
     &GroupStats::dropped_updates},
};

std::string Braced(std::string_view name, std::string_view value) {
  return '{' + std::string(name) + "=\"" + std::string(value) + "\"}";
}

}  // namespace

void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type) {
  std::string escaped;
  AppendEscaped(escaped, help, false);
  for (std::string_view part :
       std::initializer_list<std::string_view>{"# HELP ", name, " ", escaped, "\n# TYPE ", name, " ", type}) {
    out.Append(part);
  }
}

void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out) {
  if (stats.shown == SelfMetricsShown::kNone) return;
  const bool all = stats.shown == SelfMetricsShown::kAll;
  std::string_view last;
  auto append = [&](std::string_view name, std::string_view type, std::string_view help,
                    const std::string& labels, double value) {
    std::string family = "prom_client_mmap_" + std::string(name);
    std::string sample = type == "counter" ? family + "_total" : family;
    if (name != std::exchange(last, name)) {
      separate();
      AppendHead(out, open_metrics ? family : sample, help, type);
    }
    out.Append('\n' + sample + labels + ' ');
    out.AppendSample(value);
  };
  if (all) {
    constexpr std::string_view kHelp =
        "Owners of segments: alive, and dead but not compacted into the archive yet.";
    append("owners", "gauge", kHelp, Braced("state", "live"), static_cast<double>(stats.live));
    append("owners", "gauge", kHelp, Braced("state", "dead"), static_cast<double>(stats.dead));
    append("compacted_owners", "counter", "Dead owners that were compacted into the archive.", "",
           static_cast<double>(stats.compacted));
  }
  for (auto [reason, count] : stats.skipped) {
    append("skipped_files", "gauge", "Files in the group's directory that were not read, by reason.",
           Braced("reason", kSkipReasonNames[reason]), count);
  }
  for (const auto& trouble : kTrouble) {
    auto count = static_cast<double>(stats.*trouble.count);
    if (count > 0 || all) append(trouble.name, trouble.type, trouble.help, "", count);
  }
  if (!all) return;
  append("bytes", "gauge", "Bytes of the files that were read.", "", static_cast<double>(stats.bytes));
  auto append_phase = [&](std::string_view phase, double seconds) {
    append("scrape_duration_seconds", "gauge", "Seconds that this scrape took, by phase.",
           Braced("phase", phase), seconds);
  };
  for (const auto& [phase, seconds] : stats.phases) append_phase(phase, seconds);
  append_phase("render", static_cast<double>(BoottimeNs() - stats.render_from_ns) / 1e9);
  append("native", "gauge", "1 where metrics are shared by the native addon.", "", 1);
}

}  // namespace prom
