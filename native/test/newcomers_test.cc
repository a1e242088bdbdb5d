#include "segment/newcomers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "segment/label_shape.h"
#include "support/must.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using Texts = std::vector<std::string>;

// Newcomers and the segment that has their records, by texts.
class Family {
 public:
  std::optional<uint64_t> Take(uint32_t family, const Texts& texts) {
    return newcomers_.Take(*segment_, Seek(family, texts));
  }

  uint64_t Add(uint32_t family, const Texts& texts) {
    Newcomers::Sought sought = Seek(family, texts);
    auto cells = test::Must(segment_->AllocateCells(1));
    SeriesRecord record;
    record.family = family;
    record.cell_count = 1;
    record.cells_offset = cells.file_offset;
    uint64_t name = test::Must(segment_->Append(layout::RecordType::kSeries, body_.Finish(record)));
    newcomers_.Add(sought, name);
    return name;
  }

  std::vector<uint64_t> TakeAll(uint32_t family) { return newcomers_.TakeAll(family); }

 private:
  // A text "-" is an absent label.
  Newcomers::Sought Seek(uint32_t family, const Texts& texts) {
    body_.Begin();
    for (size_t i = 0; i < texts.size(); i++) {
      if (texts[i] == "-") continue;
      std::memcpy(body_.Room(texts[i].size()).data(), texts[i].data(), texts[i].size());
      body_.Add(static_cast<uint16_t>(i), layout::LabelKind::kString, texts[i].size());
    }
    return newcomers_.Seek(family, body_.Labels());
  }

  std::unique_ptr<SegmentWriter> segment_ =
      test::Must(SegmentWriter::CreatePrivate(CurrentOwner(0), test::kPlenty));
  SeriesBody body_;
  Newcomers newcomers_;
};

TEST_CASE("a newcomer is found by its labels, once, and by no others") {
  Family all;
  const std::vector<Texts> series = {{"a", "b"},
                                     {"ab", ""},
                                     {"", "ab"},
                                     {"a", "-"},
                                     {"-", "a"},
                                     {"-", "-"},
                                     {std::string("a\0b", 3), "b"},
                                     {"b", "a"},
                                     {"a", "b "},
                                     {"aaaaaaaa", "b"},
                                     {"a", "bb"},
                                     {"aaaaaaaaa", "b"}};
  std::vector<uint64_t> names;
  for (const Texts& texts : series) {
    CHECK(!all.Take(1, texts));
    names.push_back(all.Add(1, texts));
  }
  CHECK(!all.Take(2, series[0]));
  for (size_t i = 0; i < series.size(); i++) {
    CHECK(all.Take(1, series[i]) == names[i]);
    CHECK(!all.Take(1, series[i]));
  }
}

TEST_CASE(
    "a newcomer is found whatever its record tells of order and kinds, and a label that is undefined is "
    "none") {
  using layout::LabelKind;
  auto segment = test::Must(SegmentWriter::CreatePrivate(CurrentOwner(0), test::kPlenty));
  Newcomers newcomers;
  auto add = [](SeriesBody& body, uint16_t name, LabelKind kind, const std::string& text) {
    std::memcpy(body.Room(text.size()).data(), text.data(), text.size());
    body.Add(name, kind, text.size());
  };
  SeriesBody sought, told, other;
  sought.Begin();
  add(sought, 0, LabelKind::kString, "GET");
  add(sought, 2, LabelKind::kString, "200");
  told.Begin();
  add(told, 2, LabelKind::kNumber, "200");
  add(told, 1, LabelKind::kUndefined, "undefined");
  add(told, 0, LabelKind::kString, "GET");
  SeriesRecord record;
  record.family = 1;
  uint64_t name = test::Must(segment->Append(layout::RecordType::kSeries, told.Finish(record)));
  newcomers.Add(newcomers.Seek(1, sought.Labels()), name);

  std::vector<LabelView> labels = SeriesBody::View(SeriesBody::LabelsOf(segment->Body(name)));
  uint64_t shape = ShapeOf(labels);
  for (const LabelView& label : labels) {
    ToldLabel first = TakeFirst(&shape);
    CHECK(first.name == label.name);
    CHECK(first.kind == label.kind);
  }
  CHECK(shape == 0);
  other.Begin();
  add(other, 0, LabelKind::kString, "GET");
  CHECK(!newcomers.Take(*segment, newcomers.Seek(1, other.Labels())));
  CHECK(newcomers.Take(*segment, newcomers.Seek(1, sought.Labels())) == name);
}

TEST_CASE("newcomers are like a map, however many come and go") {
  std::mt19937 random(7);
  Family all;
  std::map<std::pair<uint32_t, Texts>, uint64_t> expected;
  for (int step = 0; step < 200'000; step++) {
    auto family = static_cast<uint32_t>(random() % 3);
    Texts texts = {std::to_string(random() % 100), "/route/" + std::to_string(random() % 100)};
    auto known = expected.find({family, texts});
    auto found = all.Take(family, texts);
    REQUIRE(found.has_value() == (known != expected.end()));
    if (!found) {
      expected[{family, texts}] = all.Add(family, texts);
    } else {
      REQUIRE(*found == known->second);
      expected.erase(known);
    }
  }
  for (uint32_t family = 0; family < 3; family++) {
    std::vector<uint64_t> names;
    for (const auto& [key, name] : expected)
      if (key.first == family) names.push_back(name);
    std::sort(names.begin(), names.end());
    REQUIRE(names.size() > 1000);
    CHECK(all.TakeAll(family) == names);
    CHECK(all.TakeAll(family).empty());
  }
}

}  // namespace
}  // namespace prom
