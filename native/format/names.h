// The words for what layout.h numbers: the same in the API, in expositions and in the addon's arguments.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "format/layout.h"

namespace prom {

template <typename Number, size_t N>
struct Names {
  std::array<std::pair<Number, std::string_view>, N> table;

  constexpr std::string_view operator[](Number number) const {
    for (auto [known, name] : table) {
      if (known == number) return name;
    }
    return "unknown";
  }
  constexpr std::optional<Number> Find(std::string_view name) const {
    for (auto [number, known] : table) {
      if (known == name) return number;
    }
    return std::nullopt;
  }
};

inline constexpr Names<layout::MetricType, 4> kTypeNames{{{
    {layout::MetricType::kCounter, "counter"},
    {layout::MetricType::kGauge, "gauge"},
    {layout::MetricType::kHistogram, "histogram"},
    {layout::MetricType::kSummary, "summary"},
}}};

inline constexpr Names<layout::MergeMode, 13> kMergeModeNames{{{
    {layout::MergeMode::kAll, "all"},
    {layout::MergeMode::kLiveAll, "liveall"},
    {layout::MergeMode::kMin, "min"},
    {layout::MergeMode::kLiveMin, "livemin"},
    {layout::MergeMode::kMax, "max"},
    {layout::MergeMode::kLiveMax, "livemax"},
    {layout::MergeMode::kSum, "sum"},
    {layout::MergeMode::kLiveSum, "livesum"},
    {layout::MergeMode::kMostRecent, "mostrecent"},
    {layout::MergeMode::kLiveMostRecent, "livemostrecent"},
    {layout::MergeMode::kFirst, "first"},
    {layout::MergeMode::kAverage, "average"},
    {layout::MergeMode::kOmit, "omit"},
}}};

// Those of JavaScript's typeof, but for `null` and for all that is not a primitive.
inline constexpr Names<layout::LabelKind, 6> kLabelKindNames{{{
    {layout::LabelKind::kString, "string"},
    {layout::LabelKind::kNumber, "number"},
    {layout::LabelKind::kBoolean, "boolean"},
    {layout::LabelKind::kNull, "null"},
    {layout::LabelKind::kUndefined, "undefined"},
    {layout::LabelKind::kOther, "other"},
}}};

}  // namespace prom
