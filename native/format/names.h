// The names of the numbers in layout.h, as the API, expositions and the arguments of the addon have them.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "format/layout.h"

namespace prom {

// Names of consecutive numbers from `first` on.
template <typename Number, size_t N>
struct Names {
  Number first;
  std::array<std::string_view, N> names;

  constexpr std::string_view operator[](Number number) const {
    size_t at = static_cast<size_t>(number) - static_cast<size_t>(first);
    return at < N ? names[at] : "unknown";
  }
  constexpr std::optional<Number> Find(std::string_view name) const {
    auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) return std::nullopt;
    return static_cast<Number>(static_cast<size_t>(found - names.begin()) + static_cast<size_t>(first));
  }
};

inline constexpr Names<layout::MetricType, 4> kTypeNames{layout::MetricType::kCounter,
                                                         {"counter", "gauge", "histogram", "summary"}};

inline constexpr Names<layout::MergeMode, 13> kMergeModeNames{
    layout::MergeMode::kAll,
    {"all", "liveall", "min", "livemin", "max", "livemax", "sum", "livesum", "mostrecent", "livemostrecent",
     "first", "average", "omit"}};

// Those of JavaScript's typeof, except for null and objects.
inline constexpr Names<layout::LabelKind, 6> kLabelKindNames{
    layout::LabelKind::kString, {"string", "number", "boolean", "null", "undefined", "other"}};

}  // namespace prom
