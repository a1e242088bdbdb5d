// The common parts of the text formats.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "render/render.h"

namespace prom {

inline constexpr int kNoBucket = -1;

// Whether the format is OpenMetrics as its specification has it.
constexpr bool IsExact(Format format) {
  return format == Format::kOpenMetrics || format == Format::kOpenMetricsCreated ||
         format == Format::kOpenMetrics2;
}

// The name of a family as a reader accepts it.
std::string EscapedFamily(const MergedFamily& family, Escaping escaping);

// The name in quotation marks.
std::string Quoted(std::string_view name);

// Appends HELP, TYPE and, of an exact format, UNIT, without a line feed at the end. A name that not every reader accepts is in
// quotation marks.
void AppendHead(TextBuffer& out, Format format, std::string_view name, std::string_view help,
                std::string_view type, std::string_view unit = "");

// Whether the reader accepts the labels of each series as Merge::text() has them.
inline bool AcceptsLabels(const Merge& merge, Escaping escaping, bool exact) {
  bool renamed =
      escaping == Escaping::kDots || (escaping != Escaping::kUnderscores && merge.texts_are_escaped());
  return !renamed && !(exact && merge.texts_are_raw());
}

// The labels of a series as the reader accepts them, in `memory`, with padding after them.
std::string_view EscapedLabels(const Merge& merge, uint32_t index, layout::MetricType type, Escaping escaping,
                               bool exact, std::string& memory);

// Whether OpenMetrics and Protobuf can show each bound: a finite one above all others before it, or a quantile that is new.
std::vector<bool> ShownBounds(const FamilyRecord& definition);

// Appends the family without a line feed at its end.
void AppendSelfFamily(const SelfFamily& family, Format format, Escaping escaping, TextBuffer& out);

// A time since 1970 in seconds, as exact as milliseconds are.
double Seconds(double milliseconds);

}  // namespace prom
