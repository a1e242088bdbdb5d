// Which families a view shows, in which order, and when those of one name contradict each other.
#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "merge/merge.h"
#include "support/families.h"
#include "support/owners.h"
#include "support/scrapes.h"

namespace prom {
namespace {

using layout::MergeMode;
using test::kGlobal;
using test::kNowMs;
using test::Merged;
using test::Owner;
using test::Owners;
using test::Text;

TEST_CASE("a name that has another type, or cells of another meaning, in another owner is a conflict") {
  auto merged = [](FamilyRecord older, FamilyRecord newer) {
    Owners owners;
    for (FamilyRecord* record : {&older, &newer}) {
      record->name = "x";
      Owner& owner = owners.Add();
      owner.segment.Series(owner.segment.Family(*record));
    }
    Merge merge(kGlobal);
    merge.Run(owners.Inputs(), kNowMs);
    CHECK(merge.families().size() == 1);
    Text(merge);
    return merge.conflicts();
  };
  FamilyRecord counter = test::CounterFamily("x");
  FamilyRecord gauge = test::GaugeFamily("x", MergeMode::kSum);
  FamilyRecord recent = test::GaugeFamily("x", MergeMode::kMostRecent);
  FamilyRecord histogram = test::HistogramFamily("x", {1});
  FamilyRecord summary = test::SummaryFamily("x", {0.5}, 2, 1000);
  CHECK(merged(counter, gauge) == 1);
  CHECK(merged(gauge, recent) == 1);
  CHECK(merged(recent, gauge) == 1);
  CHECK(merged(histogram, summary) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.5}, 3, 1000)) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.5}, 2, 2000)) == 1);
  CHECK(merged(summary, test::SummaryFamily("x", {0.9, 0.99}, 2, 1000)) == 0);
  CHECK(merged(gauge, test::GaugeFamily("x", MergeMode::kMax)) == 0);
  CHECK(merged(counter, test::CounterFamily("x", {"other", "labels"})) == 0);
}

TEST_CASE("a view shows the families of its scopes, scope by scope, and one that is in two of them once") {
  Owners owners;
  Owner& owner = owners.Add();
  owner.segment.Scope(0, "");
  owner.segment.Scope(1, "1");
  uint32_t global = owner.segment.Family(test::CounterFamily("global"));
  uint32_t own = owner.segment.Family(test::CounterFamily("own"), 1);
  uint32_t both = owner.segment.Family(test::CounterFamily("both"));
  owner.segment.Member(1, both);
  for (uint32_t family : {global, own, both}) *owner.segment.Series(family).cells = 1;
  auto names = [&](std::vector<std::string> scopes) {
    Merge merge({std::move(scopes), true});
    merge.Run(owners.Inputs(), kNowMs);
    std::string all;
    for (const MergedFamily& family : merge.families()) all += family.definition.name + ' ';
    for (const MergedSeries& series : merge.series()) CHECK(*merge.values(series) == 1);
    return all;
  };
  CHECK(names({""}) == "global both ");
  CHECK(names({"1"}) == "own both ");
  CHECK(names({"", "1"}) == "global both own ");
  CHECK(names({"1", ""}) == "own both global ");
  CHECK(names({"other"}) == "");
  CHECK(names({}) == "");
}

TEST_CASE("a family that left its scope, and one that was removed, are not shown") {
  Owners owners;
  Owner& owner = owners.Add();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("left"))).cells = 1;
  uint64_t member = owner.segment.last_member_record();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("removed"))).cells = 1;
  uint64_t family = owner.segment.last_family_record();
  *owner.segment.Series(owner.segment.Family(test::CounterFamily("kept"))).cells = 1;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(merge.families().size() == 3);
  owner.segment.writer().Remove(member);
  owner.segment.writer().Remove(family);
  merge.Run(owners.Inputs(), kNowMs);
  REQUIRE(merge.families().size() == 1);
  CHECK(merge.families()[0].definition.name == "kept");
}

TEST_CASE("families and series come in the order of the oldest owner that has them") {
  Owners owners;
  for (std::vector<std::string> names : {std::vector<std::string>{"z", "m"}, {"a", "z"}, {"m", "b"}}) {
    Owner& owner = owners.Add();
    for (const std::string& name : names) {
      uint32_t family = owner.segment.Family(test::CounterFamily(name, {"l"}));
      for (const std::string& label : {name, std::to_string(owners.all.size()), std::string("both")}) {
        *owner.segment.Series(family, {label}).cells = 1;
      }
    }
  }
  CHECK(Merged(owners) == R"(# HELP z z help
# TYPE z counter
z{l="z"} 2
z{l="1"} 1
z{l="both"} 2
z{l="2"} 1

# HELP m m help
# TYPE m counter
m{l="m"} 2
m{l="1"} 1
m{l="both"} 2
m{l="3"} 1

# HELP a a help
# TYPE a counter
a{l="a"} 1
a{l="2"} 1
a{l="both"} 1

# HELP b b help
# TYPE b counter
b{l="b"} 1
b{l="3"} 1
b{l="both"} 1
)");
}

}  // namespace
}  // namespace prom
