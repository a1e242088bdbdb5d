// Which families a view shows, in which order, and when those of one name contradict each other.
#include <tuple>

#include "support/merging.h"

namespace prom {
namespace {

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
    CHECK(merge.plan().families().size() == 1);
    Text(merge);
    return merge.conflicts();
  };
  FamilyRecord counter = CounterFamily("x");
  FamilyRecord gauge = GaugeFamily("x", MergeMode::kSum);
  FamilyRecord recent = GaugeFamily("x", MergeMode::kMostRecent);
  FamilyRecord histogram = HistogramFamily("x", {1});
  FamilyRecord summary = SummaryFamily("x", {0.5}, 2, 1000);
  CHECK(merged(counter, gauge) == 1);
  CHECK(merged(gauge, recent) == 1);
  CHECK(merged(recent, gauge) == 1);
  CHECK(merged(histogram, summary) == 1);
  CHECK(merged(summary, SummaryFamily("x", {0.5}, 3, 1000)) == 1);
  CHECK(merged(summary, SummaryFamily("x", {0.5}, 2, 2000)) == 1);
  CHECK(merged(summary, SummaryFamily("x", {0.9, 0.99}, 2, 1000)) == 0);
  CHECK(merged(gauge, GaugeFamily("x", MergeMode::kMax)) == 0);
  CHECK(merged(counter, CounterFamily("x", {"other", "labels"})) == 0);
}

TEST_CASE("a view shows the families of its scopes, scope by scope, and one that is in two of them once") {
  Owners owners;
  Owner& owner = owners.Add();
  owner.segment.Scope(0, "");
  owner.segment.Scope(1, "1");
  uint32_t global = owner.segment.Family(CounterFamily("global"));
  uint32_t own = owner.segment.Family(CounterFamily("own"), 1);
  uint32_t both = owner.segment.Family(CounterFamily("both"));
  owner.segment.Member(1, both);
  for (uint32_t family : {global, own, both}) *owner.segment.Series(family).cells = 1;
  auto names = [&](std::vector<std::string> scopes) {
    Merge merge({std::move(scopes), true});
    merge.Run(owners.Inputs(), kNowMs);
    std::string all;
    for (const MergedFamily& family : merge.plan().families()) all += family.definition.name + ' ';
    for (const MergedSeries& series : merge.plan().series()) CHECK(*merge.totals().values(series) == 1);
    return all;
  };
  CHECK(names({""}) == "global both ");
  CHECK(names({"1"}) == "own both ");
  CHECK(names({"", "1"}) == "global both own ");
  CHECK(names({"1", ""}) == "own both global ");
  CHECK(names({"other"}) == "");
  CHECK(names({}) == "");
}

// A counter in each of three scopes, of which the owner chooses some.
Owner& AddChoice(Owners& owners, bool live, uint32_t global, uint32_t a, uint32_t b) {
  Owner& owner = owners.Add(live);
  for (auto [id, name, flags] : {std::tuple{0u, "", global}, {1u, "a", a}, {2u, "b", b}}) {
    owner.segment.Scope(id, name, {}, flags);
    *owner.segment.Series(owner.segment.Family(CounterFamily(std::string("c_") + name), id)).cells = 1;
  }
  return owner;
}

std::string NamesOf(const Merge& merge) {
  std::string names;
  for (const MergedFamily& family : merge.plan().families()) names += family.definition.name + ' ';
  return names;
}

TEST_CASE("a view of chosen scopes shows those that any owner has chosen, or the global one") {
  constexpr uint32_t kBoth = layout::kChosenForCluster | layout::kChosenForWorker;
  Owners owners;
  Merge cluster({{"unused"}, true, false, Chosen::kCluster});
  Merge worker({{}, true, false, Chosen::kWorker});
  auto run = [&] {
    for (Merge* merge : {&cluster, &worker}) merge->Run(owners.Inputs(), kNowMs);
  };
  run();
  CHECK(NamesOf(cluster) == "");
  AddChoice(owners, true, 0, 0, 0);
  run();
  CHECK(NamesOf(cluster) == "c_ ");
  AddChoice(owners, false, 0, 0, kBoth);
  run();
  CHECK(NamesOf(cluster) == "c_b ");
  CHECK(NamesOf(worker) == "c_b ");
  // The oldest owner that has chosen a scope decides where it stands; the families are those of all owners.
  Owner& changing = AddChoice(owners, true, 0, layout::kChosenForCluster, layout::kChosenForCluster);
  run();
  CHECK(NamesOf(cluster) == "c_b c_a ");
  CHECK(NamesOf(worker) == "c_b ");
  CHECK(Shown(Text(cluster), "c_b") == "3");
  changing.segment.Scope(1, "a");
  run();
  CHECK(NamesOf(cluster) == "c_b ");
  changing.segment.Scope(0, "", {}, layout::kChosenForWorker);
  run();
  CHECK(NamesOf(worker) == "c_b c_ ");
}

TEST_CASE("a family that left its scope, and one that was removed, are not shown") {
  Owners owners;
  Owner& owner = owners.Add();
  *owner.segment.Series(owner.segment.Family(CounterFamily("left"))).cells = 1;
  uint32_t member = owner.segment.last_member_record();
  *owner.segment.Series(owner.segment.Family(CounterFamily("removed"))).cells = 1;
  uint32_t family = owner.segment.last_family_record();
  *owner.segment.Series(owner.segment.Family(CounterFamily("kept"))).cells = 1;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(merge.plan().families().size() == 3);
  owner.segment.writer().Remove(member);
  owner.segment.writer().Remove(family);
  merge.Run(owners.Inputs(), kNowMs);
  REQUIRE(merge.plan().families().size() == 1);
  CHECK(merge.plan().families()[0].definition.name == "kept");
}

TEST_CASE("families and series come in the order of the oldest owner that has them") {
  Owners owners;
  for (std::vector<std::string> names : {std::vector<std::string>{"z", "m"}, {"a", "z"}, {"m", "b"}}) {
    Owner& owner = owners.Add();
    for (const std::string& name : names) {
      uint32_t family = owner.segment.Family(CounterFamily(name, {"l"}));
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
