// A merge keeps its plan while its owners change, and shows the same as a new merge.
#include <deque>
#include <random>

#include "support/merging.h"

namespace prom {
namespace {

TEST_CASE("an owner whose pid label changes is planned anew") {
  Owners owners;
  owners.AddGauge(MergeMode::kAll, true, 4);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g{pid=\"1\"}") == "4");
  owners.all[0].instance = "1#2";
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "g{pid=\"1\"}") == "absent");
  CHECK(Shown(Text(merge), "g{pid=\"1#2\"}") == "4");
}

TEST_CASE("a series that an older owner has later is shown where a new merge shows it") {
  Owners owners;
  Owner& older = owners.Add();
  Owner& newer = owners.Add();
  uint32_t old_family = older.segment.Family(CounterFamily("c", {"a", "b"}));
  uint32_t new_family = newer.segment.Family(CounterFamily("c", {"b", "a"}));
  *older.segment.Series(old_family, {"1", "1"}).cells = 1;
  *newer.segment.Series(new_family, {"3", "3"}).cells = 1;
  *newer.segment.Series(new_family, {"2", "2"}).cells = 1;
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  *older.segment.Series(old_family, {"2", "2"}).cells = 1;
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Text(merge) == Merged(owners));
  CHECK(Shown(Text(merge), "c{a=\"2\",b=\"2\"}") == "2");
}

TEST_CASE("a plan made of a segment does not serve another reader of it that knows less") {
  Owners owners;
  Owner& owner = owners.Add();
  uint32_t family = owner.segment.Family(HistogramFamily("h", {1}, {"l"}, MergeMode::kMax));
  TestSeries a = owner.segment.Series(family, {"a"});
  owner.segment.Series(family, {"b"}).Observe(0.5);
  a.Observe(0.5);
  Merge merge(kGlobal);
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count{l=\"a\"}") == "1");
  // The file was hidden for a while: the reader was dropped, and the file changed meanwhile.
  owner.segment.Remove(a);
  owner.reader = SegmentReader();
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count{l=\"a\"}") == "absent");
  CHECK(Shown(Text(merge), "h_count{l=\"b\"}") == "1");
}

TEST_CASE("a merge of no segments shows nothing") {
  Owners owners;
  CHECK(Merged(owners) == "\n");
  owners.Add();
  CHECK(Merged(owners) == "\n");
  Merge merge(kGlobal);
  AddHistogram(owners, {1}, {0.5});
  merge.Run(owners.Inputs(), kNowMs);
  CHECK(Shown(Text(merge), "h_count") == "1");
  merge.Run({}, kNowMs);
  CHECK(Text(merge) == "\n");
}

// A group that changes at random.
class RandomGroup {
 public:
  explicit RandomGroup(uint64_t seed) : random_(seed) { AddOwner(); }

  Owners& owners() { return owners_; }

  void Step() {
    switch (Pick(12)) {
      case 0:
        if (owners_.all.size() < 6) AddOwner();
        break;
      case 1:
        owners_.all[Pick(owners_.all.size())].live ^= true;
        break;
      case 2:
      case 3:
        RemoveSeries();
        break;
      case 4:
        if (owners_.all.size() > 1) RemoveOwner();
        break;
      case 5:
      case 6:
      case 7:
      case 8:
        AddSeries();
        break;
      default:
        Count();
    }
  }

 private:
  struct Known {
    std::vector<uint32_t> families;
    std::vector<std::pair<uint32_t, TestSeries>> series;
  };

  size_t Pick(size_t below) { return random_() % below; }

  void AddOwner() {
    Owner& owner = owners_.Add(Pick(4) != 0);
    owner.instance = "pid " + std::to_string(next_++);
    owner.this_boot = Pick(4) != 0;
    owner.segment.Scope(0, "", {{"zone", LabelKind::kString, Pick(3) ? "a" : "b"}});
    Known& known = known_.emplace_back();
    const FamilyRecord families[] = {
        CounterFamily("c", {"l", "m"}),
        GaugeFamily("recent", MergeMode::kMostRecent, {"l", "m"}),
        GaugeFamily("all", Pick(2) ? MergeMode::kAll : MergeMode::kLiveAll, {"l", "m"}),
        GaugeFamily("first", MergeMode::kFirst, {"l", "m"}),
        HistogramFamily("h", Pick(5) ? std::vector<double>{1, 2} : std::vector<double>{1, 3}, {"l", "m"}),
        SummaryFamily("s", {0.5, 0.9}, 1, INFINITY, {"l", "m"}),
    };
    for (const FamilyRecord& family : families) {
      if (Pick(4)) known.families.push_back(owner.segment.Family(family));
    }
  }
  void RemoveOwner() {
    auto at = static_cast<ptrdiff_t>(Pick(owners_.all.size()));
    owners_.all.erase(owners_.all.begin() + at);
    known_.erase(known_.begin() + at);
  }
  void AddSeries() {
    size_t at = Pick(owners_.all.size());
    if (known_[at].families.empty()) return;
    uint32_t family = known_[at].families[Pick(known_[at].families.size())];
    TestSeries series =
        owners_.all[at].segment.Series(family, {std::to_string(Pick(4)), std::to_string(Pick(3))});
    for (uint32_t i = 0; i < series.count; i++) series.cells[i] = static_cast<double>(Pick(100)) / 8;
    known_[at].series.emplace_back(family, series);
  }
  void RemoveSeries() {
    size_t at = Pick(owners_.all.size());
    if (known_[at].series.empty()) return;
    auto which = known_[at].series.begin() + static_cast<ptrdiff_t>(Pick(known_[at].series.size()));
    owners_.all[at].segment.Remove(which->second);
    known_[at].series.erase(which);
  }
  void Count() {
    for (Known& known : known_) {
      for (auto& [family, series] : known.series)
        series.cells[Pick(series.count)] += static_cast<double>(Pick(9)) / 4;
    }
  }

  std::mt19937_64 random_;
  Owners owners_;
  std::deque<Known> known_;
  int next_ = 1;
};

TEST_CASE("a merge that kept its plan shows the same as a new one") {
  size_t shown = 0;
  for (uint64_t seed = 0; seed < 30; seed++) {
    RandomGroup group(seed);
    Merge along(kGlobal);
    Merge now_and_then(kGlobal);
    for (int step = 0; step < 60; step++) {
      group.Step();
      along.Run(group.owners().Inputs(), kNowMs);
      Merge anew(kGlobal);
      anew.Run(group.owners().Inputs(), kNowMs);
      std::string expected = Text(anew);
      shown += expected.size();
      if (Text(along) != expected) CHECK(Text(along) == expected);
      if (Json(along) != Json(anew)) CHECK(Json(along) == Json(anew));
      if (along.conflicts() != anew.conflicts()) CHECK(along.conflicts() == anew.conflicts());
      if (step % 7 != 0) continue;
      now_and_then.Run(group.owners().Inputs(), kNowMs);
      if (Text(now_and_then) != expected) CHECK(Text(now_and_then) == expected);
    }
  }
  CHECK(shown > 500'000);
}

}  // namespace
}  // namespace prom
