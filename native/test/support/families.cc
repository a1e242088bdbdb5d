#include "families.h"

#include <utility>

namespace prom::test {

FamilyRecord CounterFamily(std::string name, std::vector<std::string> labels, layout::MergeMode mode) {
  FamilyRecord record;
  record.type = layout::MetricType::kCounter;
  record.merge_mode = mode;
  record.help = name + " help";
  record.name = std::move(name);
  record.label_names = std::move(labels);
  return record;
}

FamilyRecord GaugeFamily(std::string name, layout::MergeMode mode, std::vector<std::string> labels) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kGauge;
  return record;
}

FamilyRecord HistogramFamily(std::string name, std::vector<double> bounds, std::vector<std::string> labels,
                             layout::MergeMode mode) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kHistogram;
  record.bounds = std::move(bounds);
  return record;
}

FamilyRecord SummaryFamily(std::string name, std::vector<double> quantiles, uint32_t age_buckets,
                           double slot_ms, std::vector<std::string> labels, layout::MergeMode mode) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kSummary;
  record.bounds = std::move(quantiles);
  record.age_buckets = age_buckets;
  record.slot_ms = slot_ms;
  return record;
}

}  // namespace prom::test
