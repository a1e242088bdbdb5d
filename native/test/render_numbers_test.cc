// The numbers of a scrape without their names, for a reader that knows these.
#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

#include "render/render.h"
#include "support/merging.h"

namespace prom {
namespace {

struct Numbers {
  double layout;
  std::vector<double> values;
  std::vector<double> natives;
  std::string lines;
};

Numbers NumbersOf(const Merge& merge, double known_layout = 0, const FamilyNames& names = std::nullopt) {
  TextBuffer out;
  RenderNumbers(merge, names, known_layout, out);
  const char* at = out.view().data();
  auto take = [&](size_t count) {
    std::vector<double> numbers(count);
    if (count > 0) std::memcpy(numbers.data(), at, count * sizeof(double));
    at += count * sizeof(double);
    return numbers;
  };
  std::vector<double> head = take(3);
  Numbers numbers{head[0], take(static_cast<size_t>(head[1])), take(static_cast<size_t>(head[2])), {}};
  numbers.lines.assign(at, out.view().data() + out.size());
  return numbers;
}

TEST_CASE("numbers come in the order of their lines, and without lines to a reader that knows the layout") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  TestSeries observed = segment.Series(segment.Family(HistogramFamily("h", {1}, {"l"})), {"a"});
  observed.Observe(0.5);
  observed.Observe(2);
  uint32_t counter = segment.Family(CounterFamily("c_total", {"l"}));
  TestSeries counted = segment.Series(counter, {"b"});
  *counted.cells = 7;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  Numbers first = NumbersOf(merge);
  CHECK(first.values == std::vector<double>{2.5, 1, 2, 7});
  CHECK(first.lines ==
        "{\"name\":\"h\",\"help\":\"h help\",\"type\":\"histogram\",\"mode\":\"sum\",\"bounds\":[1]},\n"
        "{\"labels\":[[\"l\",\"string\",\"a\"]],\"defaults\":[]},\n"
        "{\"name\":\"c_total\",\"help\":\"c_total "
        "help\",\"type\":\"counter\",\"mode\":\"sum\",\"bounds\":[]},\n"
        "{\"labels\":[[\"l\",\"string\",\"b\"]],\"defaults\":[]},\n");

  *counted.cells = 8;
  merge.Run(owners.Inputs(), kNowMs);
  Numbers second = NumbersOf(merge, first.layout);
  CHECK(second.layout == first.layout);
  CHECK(second.values.back() == 8);
  CHECK(second.lines == "");
}

TEST_CASE("exponential buckets come after the values, with the position of their series") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  *segment.Series(segment.Family(CounterFamily("c_total", {}))).cells = 3;
  TestSeries series = segment.Series(segment.Family(HistogramFamily("h", {})));
  double* header = segment.Native(series, 2, 0.5);
  header[layout::kNativeZero] = 1;
  segment.Page(series, layout::kNativeSlot, 1, 0, 0, 2)[5] = 4;
  segment.Page(series, layout::kNativeSlot, 1, 0, 0, 2)[7] = 2;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);

  Numbers numbers = NumbersOf(merge);
  CHECK(numbers.values == std::vector<double>{3, 0, 0});
  CHECK(numbers.natives == std::vector<double>{1, 2, 0.5, 1, 2, 5, 4, 7, 2, 0});
}

TEST_CASE("the layout changes with the series that are shown") {
  Owners owners;
  TestSegment& segment = owners.Add(true).segment;
  uint32_t counter = segment.Family(CounterFamily("c_total", {"l"}));
  *segment.Series(counter, {"a"}).cells = 1;
  owners.AddGauge(MergeMode::kLiveMax, true, 5);
  Merge merge(kGlobal);
  auto layout = [&](const FamilyNames& names = std::nullopt) {
    merge.Run(owners.Inputs(), kNowMs);
    return NumbersOf(merge, 0, names).layout;
  };
  double before = layout();
  CHECK(layout() == before);
  CHECK(layout(std::vector<std::string>{"c_total"}) != before);
  *segment.Series(counter, {"b"}).cells = 1;
  double with_another = layout();
  CHECK(with_another != before);
  // A `live` gauge has no value once its owner is dead.
  owners.all.back().live = false;
  CHECK(layout() != with_another);
  CHECK(NumbersOf(merge).values == std::vector<double>{1, 1});
  // Another merge of the same group has other series at the same indexes.
  Merge other(kGlobal);
  other.Run(owners.Inputs(), kNowMs);
  CHECK(NumbersOf(other).layout != NumbersOf(merge).layout);
}

}  // namespace
}  // namespace prom
