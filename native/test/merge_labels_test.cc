// Which labels make one series of several owners' series, and which tell them apart.
#include "support/merging.h"

namespace prom {
namespace {

// An owner of a counter with these labels, in this order, and default labels of its registry.
Owner& AddLabelled(Owners& owners, std::vector<std::pair<std::string, std::string>> labels, double value,
                   std::vector<Label> defaults = {}) {
  Owner& owner = owners.Add();
  owner.segment.Scope(0, "", std::move(defaults));
  std::vector<std::string> names;
  std::vector<std::string> values;
  for (auto& [name, text] : labels) {
    names.push_back(name);
    values.push_back(text);
  }
  *owner.segment.Series(owner.segment.Family(CounterFamily("c", names)), values).cells = value;
  return owner;
}

TEST_CASE("the order of labels does not tell series apart, and the oldest owner's is printed") {
  Owners owners;
  AddLabelled(owners, {{"b", "1"}, {"a", "2"}}, 1);
  AddLabelled(owners, {{"a", "2"}, {"b", "1"}}, 2);
  AddLabelled(owners, {{"a", "1"}, {"b", "2"}}, 4);
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{b=\"1\",a=\"2\"}") == "3");
  CHECK(Shown(text, "c{a=\"1\",b=\"2\"}") == "4");
}

TEST_CASE("names and values of labels do not run into each other") {
  Owners owners;
  AddLabelled(owners, {{"a", "x"}, {"b", ""}}, 1);
  AddLabelled(owners, {{"a", ""}, {"b", "x"}}, 2);
  AddLabelled(owners, {{"a", "xb"}}, 4);
  AddLabelled(owners, {{"a", std::string("x\0\0\0\0", 5)}}, 8);
  AddLabelled(owners, {{"a", "x"}}, 16);
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{a=\"x\",b=\"\"}") == "1");
  CHECK(Shown(text, "c{a=\"\",b=\"x\"}") == "2");
  CHECK(Shown(text, "c{a=\"xb\"}") == "4");
  CHECK(Shown(text, "c{a=\"x\"}") == "16");
}

TEST_CASE("default labels are part of the identity of a series, unless the view leaves them out") {
  Owners owners;
  AddLabelled(owners, {{"l", "x"}}, 1, {{"zone", LabelKind::kString, "a"}});
  AddLabelled(owners, {{"l", "x"}}, 2, {{"zone", LabelKind::kString, "b"}});
  AddLabelled(owners, {{"l", "x"}}, 4, {{"zone", LabelKind::kString, "a"}});
  std::string text = Merged(owners);
  CHECK(Shown(text, "c{l=\"x\",zone=\"a\"}") == "5");
  CHECK(Shown(text, "c{l=\"x\",zone=\"b\"}") == "2");
  CHECK(Shown(Merged(owners, {{""}, false}), "c{l=\"x\"}") == "7");
}

TEST_CASE("a series' own label wins over a default label of its name") {
  Owners owners;
  AddLabelled(owners, {{"zone", "own"}}, 1,
              {{"zone", LabelKind::kString, "default"}, {"y", LabelKind::kString, "1"}});
  AddLabelled(owners, {{"zone", "own"}, {"y", "1"}}, 2);
  CHECK(Shown(Merged(owners), "c{zone=\"own\",y=\"1\"}") == "3");
}

TEST_CASE("default labels that change apply to the next scrape") {
  Owners owners;
  Owner& owner = AddLabelled(owners, {{"l", "x"}}, 1, {{"zone", LabelKind::kString, "a"}});
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  owner.segment.Scope(0, "", {{"zone", LabelKind::kString, "b"}});
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "c{l=\"x\",zone=\"b\"}") == "1");
  CHECK(Shown(Text(merge), "c{l=\"x\",zone=\"a\"}") == "absent");
}

TEST_CASE("a label that is undefined is the same as none") {
  Owners owners;
  for (bool written : {true, false}) {
    Owner& owner = owners.Add();
    uint32_t family = owner.segment.Family(CounterFamily("c", {"l", "m"}));
    std::vector<SeriesLabel> labels = {{0, LabelKind::kString, "x"}};
    if (written) labels.push_back({1, LabelKind::kUndefined, "undefined"});
    *owner.segment.SeriesOf(family, labels).cells = 1;
  }
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  REQUIRE(merge.series().size() == 1);
  CHECK(*merge.values(merge.series()[0]) == 2);
}

TEST_CASE("owners that list the label names otherwise agree on the series") {
  Owners owners;
  Owner& a = owners.Add();
  *a.segment.SeriesOf(a.segment.Family(CounterFamily("c", {"x", "y"})), {{0, LabelKind::kString, "1"}})
       .cells = 1;
  Owner& b = owners.Add();
  *b.segment.SeriesOf(b.segment.Family(CounterFamily("c", {"y", "x"})), {{1, LabelKind::kString, "1"}})
       .cells = 2;
  CHECK(Shown(Merged(owners), "c{x=\"1\"}") == "3");
}

}  // namespace
}  // namespace prom
