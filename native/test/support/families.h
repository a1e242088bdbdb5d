// Definitions of families.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "format/record.h"

namespace prom::test {

FamilyRecord CounterFamily(std::string name, std::vector<std::string> labels = {},
                           layout::MergeMode mode = layout::MergeMode::kSum);

FamilyRecord GaugeFamily(std::string name, layout::MergeMode mode, std::vector<std::string> labels = {});

FamilyRecord HistogramFamily(std::string name, std::vector<double> bounds,
                             std::vector<std::string> labels = {},
                             layout::MergeMode mode = layout::MergeMode::kSum);

FamilyRecord SummaryFamily(std::string name, std::vector<double> quantiles, uint32_t age_buckets = 1,
                           double slot_ms = INFINITY, std::vector<std::string> labels = {},
                           layout::MergeMode mode = layout::MergeMode::kSum);

}  // namespace prom::test
