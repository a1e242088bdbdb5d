// Owners whose segments are merged, without files, and the text that comes of it.
#pragma once

#include <doctest/doctest.h>

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "exposition.h"
#include "merge/merge.h"
#include "render/render.h"
#include "scrapes.h"
#include "test_segment.h"

namespace prom::test {

inline constexpr double kNowMs = 1.7e12;

// A segment in memory, a reader of it, and the knowledge of a scrape about its owner.
struct Owner {
  TestSegment segment = TestSegment::InMemory();
  SegmentReader reader;
  bool live = true;
  bool this_boot = true;
  std::string instance;

  void Read() {
    REQUIRE((reader.Update(segment.source()) == SkipReason::kNone));
    REQUIRE((reader.ReadValues(segment.source()) == SkipReason::kNone));
  }
};

// Owners, the oldest first.
struct Owners {
  std::deque<Owner> all;

  Owner& Add(bool live = true) {
    Owner& owner = all.emplace_back();
    owner.live = live;
    owner.instance = std::to_string(all.size());
    return owner;
  }
  // An owner of one unlabelled gauge.
  Owner& AddGauge(layout::MergeMode mode, bool live, double value, double set_ms = 0) {
    Owner& owner = Add(live);
    TestSeries series = owner.segment.Series(owner.segment.Family(GaugeFamily("g", mode)));
    series.cells[0] = value;
    if (series.count == 2) series.cells[1] = set_ms;
    return owner;
  }
  std::vector<MergeInput> Inputs() {
    std::vector<MergeInput> inputs;
    for (Owner& owner : all) {
      owner.Read();
      inputs.push_back({&owner.reader, owner.live, owner.this_boot, owner.instance});
    }
    return inputs;
  }
};

// An owner of one histogram.
inline void AddHistogram(Owners& owners, std::vector<double> bounds, const std::vector<double>& values,
                         bool live = true, layout::MergeMode mode = layout::MergeMode::kSum) {
  Owner& owner = owners.Add(live);
  TestSeries series =
      owner.segment.Series(owner.segment.Family(HistogramFamily("h", std::move(bounds), {}, mode)));
  for (double value : values) series.Observe(value);
}

inline std::string Text(const Merge& merge) {
  TextBuffer out;
  RenderText(merge, Format::kText, Escaping::kUnderscores, std::nullopt, nullptr, out);
  return std::string(out.view());
}

inline std::string Json(const Merge& merge) {
  TextBuffer out;
  RenderJson(merge, std::nullopt, out);
  return std::string(out.view());
}

inline std::string Merged(Owners& owners, const View& view = kGlobal) {
  Merge merge(view);
  merge.Run(owners.Inputs(), kNowMs);
  return Text(merge);
}

}  // namespace prom::test
