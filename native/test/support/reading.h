// Segments as a reader sees them.
#pragma once

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "files.h"
#include "read/segment_reader.h"

namespace prom::test {

inline SkipReason ReadAll(SegmentReader& reader, const ByteSource& source) {
  SkipReason reason = reader.Update(source);
  return reason == SkipReason::kNone ? reader.ReadValues(source) : reason;
}

// A new reader of a segment that is whole.
inline SegmentReader Read(const ByteSource& source) {
  SegmentReader reader;
  REQUIRE((reader.Update(source) == SkipReason::kNone));
  REQUIRE((reader.ReadValues(source) == SkipReason::kNone));
  return reader;
}

inline SegmentReader Read(const std::string& path) {
  UniqueFd fd = OpenForReading(path);
  return Read(FileSource(fd.get()));
}

// The first label of each series.
inline std::vector<std::string> Labels(const SegmentReader& reader) {
  std::vector<std::string> labels;
  for (const ReadSeries& series : reader.series()) labels.push_back(series.record.labels.at(0).text);
  return labels;
}

// The cells of the series with that first label.
inline const double* Cells(const SegmentReader& reader, const std::string& label) {
  for (const ReadSeries& series : reader.series()) {
    if (series.record.labels.at(0).text == label) return reader.values() + series.cell;
  }
  throw std::runtime_error("no series " + label);
}

// "label=value" of each series, in the order of the records.
inline std::vector<std::string> SeriesOf(const SegmentReader& reader) {
  std::vector<std::string> found;
  for (const ReadSeries& series : reader.series()) {
    auto value = static_cast<int>(reader.values()[series.cell]);
    found.push_back(series.record.labels.at(0).text + "=" + std::to_string(value));
  }
  return found;
}

// Everything that a reader knows, as one text.
inline std::string Described(const SegmentReader& reader) {
  std::string text;
  for (const ReadFamily& family : reader.families()) {
    text += "family " + family.record.name + (family.live ? "\n" : " removed\n");
  }
  for (const ReadMember& member : reader.members()) {
    text +=
        "member " + std::to_string(member.record.scope) + ' ' + std::to_string(member.record.family) + '\n';
  }
  for (const ScopeRecord& scope : reader.scopes()) text += "scope " + scope.name + '\n';
  for (const ReadSeries& series : reader.series()) {
    text += reader.families()[series.family].record.name;
    for (const SeriesLabel& label : series.record.labels) text += ',' + label.text;
    for (uint32_t i = 0; i < series.record.cell_count; i++) {
      text += ' ' + std::to_string(reader.values()[series.cell + i]);
    }
    for (const ReadPage& page : series.pages) {
      text += " page " + std::to_string(page.number) + ':';
      for (uint32_t i = 0; i < layout::kPageCells; i++)
        text += ' ' + std::to_string(reader.values()[page.cell + i]);
    }
    text += '\n';
  }
  return text;
}

}  // namespace prom::test
