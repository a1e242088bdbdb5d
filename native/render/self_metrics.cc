#include "render/self_metrics.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "render/family_head.h"

namespace prom {
namespace {

constexpr std::string_view kPrefix = "prom_client_mmap_";

struct SelfMetric {
  std::string_view name;
  std::string_view help;
  bool counter;
  std::string labels;
  double value;
};

std::string Label(std::string_view name, std::string_view value) {
  return '{' + std::string(name) + "=\"" + std::string(value) + "\"}";
}

class SelfMetrics {
 public:
  explicit SelfMetrics(const GroupStats& stats) : stats_(stats) {
    Owners();
    Trouble();
    if (stats.shown == SelfMetricsShown::kAll) Scrape();
  }

  std::vector<SelfMetric> all;

 private:
  void Gauge(std::string_view name, std::string_view help, std::string labels, double value) {
    all.push_back({name, help, false, std::move(labels), value});
  }
  // A counter of trouble: it is hidden at 0.
  void Counter(std::string_view name, std::string_view help, uint64_t value) {
    if (value == 0 && stats_.shown != SelfMetricsShown::kAll) return;
    all.push_back({name, help, true, "", static_cast<double>(value)});
  }

  void Owners() {
    if (stats_.shown != SelfMetricsShown::kAll) return;
    constexpr std::string_view kHelp =
        "Owners of segments: alive, and dead but not compacted into the archive yet.";
    Gauge("owners", kHelp, Label("state", "live"), stats_.live);
    Gauge("owners", kHelp, Label("state", "dead"), stats_.dead);
    Counter("compacted_owners", "Dead owners that were compacted into the archive.", stats_.compacted);
  }

  void Trouble() {
    for (auto [reason, count] : stats_.skipped) {
      Gauge("skipped_files", "Files in the group's directory that were not read, by reason.",
            Label("reason", kSkipReasonNames[reason]), count);
    }
    if (stats_.late > 0 || stats_.shown == SelfMetricsShown::kAll) {
      Gauge("late_owners", "Owners whose collect functions had not run by the deadline.", "", stats_.late);
    }
    if (stats_.conflicts > 0 || stats_.shown == SelfMetricsShown::kAll) {
      Gauge("conflicting_families", "Families left out because another definition of their name is newer.",
            "", stats_.conflicts);
    }
    Counter("collect_failures", "Collect functions that threw while another process scraped.",
            stats_.collect_failures);
    Counter("compaction_failures",
            "Compactions of dead owners that could not be written; they are tried again.",
            stats_.compaction_failures);
    Counter("dropped_series", "Series that were over a limit and are not counted.", stats_.dropped_series);
    Counter("dropped_updates", "Updates that were lost with series over a limit.", stats_.dropped_updates);
  }

  void Scrape() {
    Gauge("bytes", "Bytes of the files that were read.", "", static_cast<double>(stats_.bytes));
    constexpr std::string_view kHelp = "Seconds that this scrape took, by phase.";
    for (const auto& [phase, seconds] : stats_.phases) {
      Gauge("scrape_duration_seconds", kHelp, Label("phase", phase), seconds);
    }
    Gauge("scrape_duration_seconds", kHelp, Label("phase", "render"),
          static_cast<double>(BoottimeNs() - stats_.render_from_ns) / 1e9);
    Gauge("native", "1 where metrics are shared by the native addon.", "", 1);
  }

  const GroupStats& stats_;
};

}  // namespace

void AppendSelfMetrics(const GroupStats& stats, bool open_metrics, const std::function<void()>& separate,
                       TextBuffer& out) {
  if (stats.shown == SelfMetricsShown::kNone) return;
  std::string_view before;
  for (const SelfMetric& metric : SelfMetrics(stats).all) {
    std::string family = std::string(kPrefix) + std::string(metric.name);
    std::string sample = metric.counter ? family + "_total" : family;
    if (metric.name != before) {
      separate();
      AppendHead(out, open_metrics ? family : sample, metric.help, metric.counter ? "counter" : "gauge");
    }
    before = metric.name;
    out.Append('\n');
    out.Append(sample);
    out.Append(metric.labels);
    out.Append(' ');
    out.AppendSample(metric.value);
  }
}

}  // namespace prom
