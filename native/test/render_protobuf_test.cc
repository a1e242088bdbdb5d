#include <doctest/doctest.h>

#include <string>

#include "render/render.h"
#include "support/merging.h"

namespace prom {
namespace {

std::string Protobuf(Owners& owners, Merge& merge, Escaping escaping) {
  merge.Run(owners.Inputs(), kNowMs);
  TextBuffer out;
  Render(merge, Format::kProtobuf, escaping, std::nullopt, {}, out);
  return std::string(out.view());
}

TEST_CASE("labels that were encoded for an earlier scrape are those of a first scrape") {
  Owners owners;
  TestSegment& older = owners.Add().segment;
  TestSegment& newer = owners.Add().segment;
  Merge one_escaping(kGlobal);
  Merge all_escapings(kGlobal);
  auto check = [&] {
    for (Escaping escaping : {Escaping::kUtf8, Escaping::kUnderscores, Escaping::kDots}) {
      Merge first(kGlobal);
      std::string expected = Protobuf(owners, first, escaping);
      CHECK(Protobuf(owners, all_escapings, escaping) == expected);
      CHECK(Protobuf(owners, all_escapings, escaping) == expected);
    }
    Merge first(kGlobal);
    CHECK(Protobuf(owners, one_escaping, Escaping::kUtf8) == Protobuf(owners, first, Escaping::kUtf8));
  };
  uint32_t family = newer.Family(CounterFamily("c", {"a.b", "d"}));
  *newer.Series(family, {"1", "2"}).cells = 1;
  check();
  *newer.Series(family, {"3", "4"}).cells = 2;
  check();
  // The oldest owner decides about the order of labels.
  uint32_t reversed = older.Family(CounterFamily("c", {"d", "a.b"}));
  *older.Series(reversed, {"9", "9"}).cells = 3;
  check();
  *older.Series(reversed, {"4", "3"}).cells = 3;
  check();
  newer.Scope(0, "", {{"zone", layout::LabelKind::kString, "b"}});
  check();
}

TEST_CASE("a message of any length has its length before it") {
  Owners owners;
  TestSegment& segment = owners.Add().segment;
  uint32_t family = segment.Family(CounterFamily("c", {"l"}));
  for (size_t length : {1, 200, 2, 20'000, 3, 110, 100, 120, 115}) {
    *segment.Series(family, {std::string(length, 'x')}).cells = 1;
  }
  Merge merge(kGlobal);
  std::string bytes = Protobuf(owners, merge, Escaping::kUtf8);
  size_t at = 0;
  auto varint = [&] {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  uint64_t length = varint();
  CHECK(length == bytes.size() - at);
  size_t series = 0;
  while (at < bytes.size()) {
    uint64_t tag = varint();
    uint64_t value = varint();
    if ((tag & 7) == 2) at += value;
    if (tag >> 3 == 4) series++;
  }
  CHECK(at == bytes.size());
  CHECK(series == 9);
}

}  // namespace
}  // namespace prom
