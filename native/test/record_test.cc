#include "format/record.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/crc32c.h"
#include "support/families.h"

namespace prom {
namespace {

using layout::LabelKind;
using layout::MergeMode;
using layout::MetricType;

const std::vector<std::string> kOddStrings = {
    "",
    "plain",
    std::string("nul\0inside", 10),
    "line\nfeed \\ back \"quote\"",
    "\xc3\xa9\xe2\x82\xac\xf0\x9f\xa6\x80",
    std::string(70'000, 'x'),
};

FamilyRecord OddFamily(const std::string& odd) {
  FamilyRecord record;
  record.id = 0xfffffffe;
  record.type = MetricType::kHistogram;
  record.merge_mode = MergeMode::kOmit;
  record.bounds = {-INFINITY, -1.5, 0, 5e-324, 0.1, std::numeric_limits<double>::max()};
  record.name = "Odd_:name9";
  record.help = odd + odd;
  record.label_names = {"_", "Odd9"};
  return record;
}

SeriesRecord OddSeries(const std::string& odd) {
  SeriesRecord record;
  record.family = 7;
  record.cell_count = 0xffffffff;
  record.cells_offset = 0x123456789abcdef8;
  record.created_ms = 1.5e12;
  for (uint8_t kind = 0; kind <= static_cast<uint8_t>(LabelKind::kOther); kind++) {
    auto label_kind = static_cast<LabelKind>(kind);
    bool any_text = label_kind == LabelKind::kString || label_kind == LabelKind::kOther;
    record.labels.push_back({static_cast<uint16_t>(0xfff0 + kind), label_kind, any_text ? odd : "-1.5e9"});
  }
  return record;
}

PageRecord OddPage() {
  PageRecord record;
  record.series_offset = 0xfedcba9876543210;
  record.cells_offset = 65536;
  record.generation = 0xffffffff;
  record.number = -(1 << 20);
  record.slot = 1023;
  record.schema = -4;
  record.sign = -1;
  return record;
}

ScopeRecord OddScope(const std::string& odd) {
  ScopeRecord record;
  record.id = 3;
  record.flags = 0x80000002;
  record.name = odd;
  record.default_labels = {{odd, LabelKind::kOther, odd}, {"b", LabelKind::kUndefined, ""}};
  return record;
}

void CheckLabels(const std::vector<SeriesLabel>& a, const std::vector<SeriesLabel>& b) {
  REQUIRE(a.size() == b.size());
  for (size_t i = 0; i < a.size(); i++) {
    CHECK(a[i].name == b[i].name);
    CHECK((a[i].kind == b[i].kind));
    CHECK((a[i].text == b[i].text));
  }
}

TEST_CASE("the checksum of a record covers everything but its state") {
  layout::RecordHeader head{32, static_cast<uint16_t>(layout::RecordType::kSkip), 0x8001, 0, 1};
  Bytes body(16, 0xab);
  Bytes covered(8);
  std::memcpy(covered.data(), &head, covered.size());
  covered.insert(covered.end(), body.begin(), body.end());
  uint32_t crc = Crc32c(covered.data(), covered.size());
  CHECK(RecordCrc(head, body.data()) == crc);
  head.crc = crc;
  head.state = 2;
  CHECK(RecordCrc(head, body.data()) == crc);
}

TEST_CASE("a family comes back as it was") {
  for (const std::string& odd : kOddStrings) {
    FamilyRecord record = OddFamily(odd);
    auto back = Decode<FamilyRecord>(Encode(record));
    REQUIRE(back.has_value());
    CHECK(back->id == record.id);
    CHECK((back->type == record.type));
    CHECK((back->merge_mode == record.merge_mode));
    CHECK((back->bounds == record.bounds));
    CHECK((back->name == record.name));
    CHECK((back->help == record.help));
    CHECK((back->label_names == record.label_names));
    CHECK(back->CellCount() == record.CellCount());
  }
}

TEST_CASE("a family of every type has its cells, and comes back") {
  struct {
    FamilyRecord record;
    uint32_t cells;
  } const cases[] = {
      {test::CounterFamily("c"), 1},
      {test::GaugeFamily("g", MergeMode::kLiveAll), 1},
      {test::GaugeFamily("g", MergeMode::kMostRecent), 2},
      {test::GaugeFamily("g", MergeMode::kLiveMostRecent), 2},
      {test::HistogramFamily("h", {}), 3},
      {test::HistogramFamily("h", {1, 2, 3}), 6},
      {test::SummaryFamily("s", {0.5}), 9},
      {test::SummaryFamily("s", {0.5}, 5, 120'000), 37},
      {test::SummaryFamily("s", {}, layout::kMaxAgeSlots), 2 + 7 * layout::kMaxAgeSlots},
  };
  for (const auto& [record, cells] : cases) {
    CHECK(record.CellCount() == cells);
    auto back = Decode<FamilyRecord>(Encode(record));
    REQUIRE(back.has_value());
    CHECK(back->CellCount() == cells);
    CHECK(back->age_buckets == record.age_buckets);
    CHECK(back->slot_ms == record.slot_ms);
  }
}

TEST_CASE("a series comes back as it was") {
  for (const std::string& odd : kOddStrings) {
    SeriesRecord record = OddSeries(odd);
    auto back = Decode<SeriesRecord>(Encode(record));
    REQUIRE(back.has_value());
    CHECK(back->family == record.family);
    CHECK(back->cell_count == record.cell_count);
    CHECK(back->cells_offset == record.cells_offset);
    CHECK(back->created_ms == record.created_ms);
    CheckLabels(back->labels, record.labels);
  }
}

TEST_CASE("a page comes back as it was") {
  PageRecord record = OddPage();
  auto back = Decode<PageRecord>(Encode(record));
  REQUIRE(back.has_value());
  CHECK(back->series_offset == record.series_offset);
  CHECK(back->cells_offset == record.cells_offset);
  CHECK(back->generation == record.generation);
  CHECK(back->number == record.number);
  CHECK(back->slot == record.slot);
  CHECK(back->schema == record.schema);
  CHECK(back->sign == record.sign);
}

TEST_CASE("a scope comes back as it was") {
  for (const std::string& odd : kOddStrings) {
    ScopeRecord record = OddScope(odd);
    auto back = Decode<ScopeRecord>(Encode(record));
    REQUIRE(back.has_value());
    CHECK(back->id == record.id);
    CHECK(back->flags == record.flags);
    CHECK((back->name == record.name));
    REQUIRE(back->default_labels.size() == record.default_labels.size());
    for (size_t i = 0; i < record.default_labels.size(); i++) {
      CHECK((back->default_labels[i].name == record.default_labels[i].name));
      CHECK((back->default_labels[i].kind == record.default_labels[i].kind));
      CHECK((back->default_labels[i].text == record.default_labels[i].text));
    }
  }
}

TEST_CASE("a membership comes back as it was") {
  auto back = Decode<MemberRecord>(Encode(MemberRecord{5, 0xffffffff}));
  REQUIRE(back.has_value());
  CHECK(back->scope == 5);
  CHECK(back->family == 0xffffffff);
}

TEST_CASE("padding after a body changes nothing") {
  Bytes body = Encode(OddFamily("odd"));
  body.resize(body.size() + 7);
  CHECK(Decode<FamilyRecord>(body).has_value());
}

template <typename Record>
void CheckTruncations(const Record& record) {
  Bytes body = Encode(record);
  for (size_t length = 0; length < body.size(); length++) {
    // A copy of its own, so that the sanitizer sees a read beyond its end.
    Bytes part(body.begin(), body.begin() + static_cast<ptrdiff_t>(length));
    part.shrink_to_fit();
    CHECK_FALSE(Decode<Record>(part).has_value());
  }
  CHECK(Decode<Record>(body).has_value());
}

TEST_CASE("a body that was cut anywhere is refused") {
  CheckTruncations(OddFamily("odd"));
  CheckTruncations(test::SummaryFamily("s", {0.5, 0.9}));
  CheckTruncations(OddSeries("odd"));
  CheckTruncations(OddScope("odd"));
  CheckTruncations(OddPage());
  CheckTruncations(NativeRecord{1, 2, 3});
  CheckTruncations(ExemplarRecord{1, 2, 3});
  CheckTruncations(MemberRecord{1, 2});
  CheckTruncations(CompactedRecord{{SegmentId{1}, SegmentId{2}}});
}

template <typename T>
Bytes With(Bytes body, size_t offset, T value) {
  REQUIRE(offset + sizeof value <= body.size());
  std::memcpy(body.data() + offset, &value, sizeof value);
  return body;
}

constexpr uint32_t kLies[] = {0x1000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffff8, 0xffffffff};

TEST_CASE("impossible counts and lengths are refused before memory is allocated") {
  FamilyRecord family = test::HistogramFamily("name", {1, 2});
  family.help = "help!";
  family.label_names = {"l"};
  Bytes body = Encode(family);
  constexpr size_t kNameAt = 24 + 16;
  for (uint32_t lie : kLies) {
    CHECK_FALSE(Decode<FamilyRecord>(With(body, 12, lie)).has_value());            // bounds
    CHECK_FALSE(Decode<FamilyRecord>(With(body, kNameAt, lie)).has_value());       // name
    CHECK_FALSE(Decode<FamilyRecord>(With(body, kNameAt + 8, lie)).has_value());   // help
    CHECK_FALSE(Decode<FamilyRecord>(With(body, kNameAt + 17, lie)).has_value());  // label names
    CHECK_FALSE(Decode<FamilyRecord>(With(body, kNameAt + 21, lie)).has_value());  // the first label name
  }
  Bytes series = Encode(SeriesRecord{1, 1, 4096, 0, {{0, LabelKind::kString, "text"}}});
  Bytes scope = Encode(ScopeRecord{1, layout::kChosenForWorker, "name", {{"a", LabelKind::kString, "b"}}});
  for (uint32_t lie : kLies) {
    CHECK_FALSE(Decode<SeriesRecord>(With(series, 24, lie)).has_value());
    CHECK_FALSE(Decode<SeriesRecord>(With(series, 32, lie)).has_value());
    CHECK_FALSE(Decode<ScopeRecord>(With(scope, 8, lie)).has_value());
    CHECK_FALSE(Decode<ScopeRecord>(With(scope, 16, lie)).has_value());
    CHECK_FALSE(Decode<ScopeRecord>(With(scope, 20, lie)).has_value());
  }
}

TEST_CASE("more buckets than the limit are refused, even if all of them are present") {
  FamilyRecord family = test::HistogramFamily("name", std::vector<double>(layout::kMaxBuckets, 1));
  CHECK(Decode<FamilyRecord>(Encode(family)).has_value());
  family.bounds.push_back(2);
  CHECK_FALSE(Decode<FamilyRecord>(Encode(family)).has_value());
}

TEST_CASE("a family of an unknown type, an unknown mode or an impossible window is refused") {
  Bytes counter = Encode(test::CounterFamily("c"));
  for (uint8_t type : std::initializer_list<uint8_t>{0, 5, 255})
    CHECK_FALSE(Decode<FamilyRecord>(With(counter, 4, type)).has_value());
  for (uint8_t mode : std::initializer_list<uint8_t>{0, 14, 255})
    CHECK_FALSE(Decode<FamilyRecord>(With(counter, 5, mode)).has_value());
  Bytes summary = Encode(test::SummaryFamily("s", {0.5}, 2, 1000));
  for (uint32_t slots : {0u, layout::kMaxAgeSlots + 1, 0xffffffffu}) {
    CHECK_FALSE(Decode<FamilyRecord>(With(summary, 8, slots)).has_value());
  }
  for (double slot_ms : {0.0, -1.0, static_cast<double>(NAN), -static_cast<double>(INFINITY)}) {
    CHECK_FALSE(Decode<FamilyRecord>(With(summary, 16, slot_ms)).has_value());
  }
}

TEST_CASE("a label of an unknown kind is refused") {
  Bytes series = Encode(SeriesRecord{1, 1, 4096, 0, {{0, LabelKind::kString, "text"}}});
  CHECK_FALSE(Decode<SeriesRecord>(With(series, 30, uint8_t{6})).has_value());
  Bytes scope = Encode(ScopeRecord{1, 0, "", {{"a", LabelKind::kString, "b"}}});
  CHECK_FALSE(Decode<ScopeRecord>(With(scope, 21, uint8_t{6})).has_value());
}

TEST_CASE("a name that no escaping makes acceptable is refused") {
  for (const char* name : {"", "a\xff", "\xc3"}) {
    CHECK_FALSE(Decode<FamilyRecord>(Encode(test::CounterFamily(name))).has_value());
    CHECK_FALSE(Decode<FamilyRecord>(Encode(test::CounterFamily("c", {"l", name}))).has_value());
  }
  for (const char* name : {":a:", "9", "a-b", "a\n", "\xc3\xa9"}) {
    CHECK(Decode<FamilyRecord>(Encode(test::CounterFamily(name, {name}))).has_value());
  }
}

TEST_CASE("a text for which Prometheus would refuse the exposition is refused") {
  const std::string not_utf8[] = {"\xff",
                                  "\xc3",
                                  "\xe2\x82",
                                  "\xf0\x9f\xa6",
                                  "\xc0\x80",
                                  "\xe0\x80\x80",
                                  "\xf0\x80\x80\x80",
                                  "\xed\xa0\x80",
                                  "\xf4\x90\x80\x80",
                                  "\x80",
                                  "\xc3q"};
  auto decodes = [](LabelKind kind, const std::string& text) {
    bool series = Decode<SeriesRecord>(Encode(SeriesRecord{1, 1, 4096, 0, {{0, kind, text}}})).has_value();
    bool scope = Decode<ScopeRecord>(Encode(ScopeRecord{1, 0, "", {{"a", kind, text}}})).has_value();
    CHECK(series == scope);
    return series;
  };
  for (const std::string& text : not_utf8) {
    CHECK_FALSE(decodes(LabelKind::kString, "abcdefgh" + text));
    FamilyRecord family = test::CounterFamily("c");
    family.help = text;
    CHECK_FALSE(Decode<FamilyRecord>(Encode(family)).has_value());
  }
  for (const char* text : {"\"", "\\", "\n"}) {
    CHECK(decodes(LabelKind::kString, text));
    CHECK(decodes(LabelKind::kOther, text));
    CHECK_FALSE(decodes(LabelKind::kNumber, text));
  }
}

TEST_CASE("a page of an unknown schema or sign, or with too large a number, is refused") {
  Bytes page = Encode(OddPage());
  for (int8_t schema : std::initializer_list<int8_t>{-5, 9, 127, -128})
    CHECK_FALSE(Decode<PageRecord>(With(page, 26, schema)).has_value());
  for (int8_t sign : std::initializer_list<int8_t>{0, 2, -2})
    CHECK_FALSE(Decode<PageRecord>(With(page, 27, sign)).has_value());
  for (int32_t number : {(1 << 20) + 1, -(1 << 20) - 1, INT32_MAX, INT32_MIN}) {
    CHECK_FALSE(Decode<PageRecord>(With(page, 20, number)).has_value());
  }
}

TEST_CASE("a unit comes after the fields of version 1.0, and bytes that are none are ignored") {
  FamilyRecord family = test::CounterFamily("c", {"l"});
  Bytes without = Encode(family);
  CHECK(Decode<FamilyRecord>(without)->unit == "");
  family.unit = "seconds";
  Bytes with = Encode(family);
  CHECK(std::equal(without.begin(), without.end(), with.begin()));
  CHECK(Decode<FamilyRecord>(with)->unit == "seconds");
  without.insert(without.end(), 16, 0xab);
  CHECK(Decode<FamilyRecord>(without)->unit == "");
}

TEST_CASE("a zero threshold that is negative or no number is refused") {
  Bytes native = Encode(NativeRecord{8, 16, 0.5});
  CHECK(Decode<NativeRecord>(native)->zero_threshold == 0.5);
  for (double threshold : {-1.0, double{NAN}, double{INFINITY}})
    CHECK_FALSE(Decode<NativeRecord>(With(native, 16, threshold)).has_value());
}

TEST_CASE("a mode that needs the time of a set is refused for types without a cell for it") {
  for (MergeMode mode : {MergeMode::kMostRecent, MergeMode::kLiveMostRecent}) {
    CHECK_FALSE(Decode<FamilyRecord>(Encode(test::CounterFamily("c", {}, mode))).has_value());
  }
}

TEST_CASE("random bodies are refused or decoded, and never read beyond") {
  std::mt19937_64 random(3);
  int decoded = 0;
  for (int i = 0; i < 100'000; i++) {
    Bytes body(random() % 96);
    for (uint8_t& byte : body) byte = random() % 3 ? 0 : static_cast<uint8_t>(random());
    if (body.size() > 5) body[4] = static_cast<uint8_t>(1 + random() % 4), body[5] = 7;
    body.shrink_to_fit();
    decoded += Decode<FamilyRecord>(body).has_value() + Decode<SeriesRecord>(body).has_value() +
               Decode<PageRecord>(body).has_value() + Decode<ScopeRecord>(body).has_value() +
               Decode<MemberRecord>(body).has_value();
  }
  CHECK(decoded > 1'000);
}

}  // namespace
}  // namespace prom
