// A SIGKILL before each step of everything that changes a group. After each the group is scraped, compacted and scraped
// again, and no count is missing or doubled.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "fail_points.h"
#include "group/compaction.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/must.h"
#include "support/scrapes.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::TemporaryDirectory;
using test::TestSegment;
using test::TestSeries;

// More steps than any scenario has.
constexpr uint64_t kMostSteps = 5000;

// The number of counts of a child, in memory shared with its parent. No step is between a count and this number.
class Tally {
 public:
  Tally()
      : number_(static_cast<uint64_t*>(
            ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;
  ~Tally() { ::munmap(number_, 4096); }

  void Count(const TestSeries& series) const {
    series.Increment();
    *const_cast<volatile uint64_t*>(number_) = *number_ + 1;
  }
  uint64_t counted() const { return *number_; }

 private:
  uint64_t* number_;
};

// The sum of all series of the counter `c` in a first scrape.
double Total(const std::string& directory) {
  std::string text = test::RenderedAnew(directory);
  double total = 0;
  for (size_t at = text.find("\nc{"); at != std::string::npos; at = text.find("\nc{", at + 1)) {
    total += std::stod(text.substr(text.find("} ", at) + 2));
  }
  std::string bare = test::Shown(text, "c");
  return total + (bare == "absent" ? 0 : std::stod(bare));
}

struct Scenario {
  // Runs without kills.
  std::function<void(const std::string& directory, const Tally& tally)> prepare;
  // Is killed before one of its steps.
  std::function<void(const Tally& tally)> act;
};

// Runs a scenario in one child after another, each killed before a later step, until a child finishes.
void KillBeforeEveryStep(const std::function<Scenario()>& make, uint64_t least_steps) {
  for (uint64_t step = 1;; step++) {
    REQUIRE(step < kMostSteps);
    TemporaryDirectory directory;
    Tally tally;
    pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      Scenario scenario = make();
      scenario.prepare(directory.path(), tally);
      test::DieBefore(step);
      scenario.act(tally);
      test::DieBefore(0);
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    INFO("step " << step);
    auto counted = static_cast<double>(tally.counted());
    CHECK(Total(directory.path()) == counted);
    CHECK(CompactDead(directory.path(), CurrentOwner(0), CompactionTask{}).ok());
    CHECK(Total(directory.path()) == counted);
    for (const std::string& name : directory.Names()) CHECK_FALSE(name.starts_with("s."));
    if (WIFEXITED(status)) {
      CHECK(WEXITSTATUS(status) == 0);
      CHECK(step > least_steps);
      return;
    }
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  }
}

std::unique_ptr<TestSegment> NewSegment(const std::string& directory) {
  return std::make_unique<TestSegment>(TestSegment::InFile(directory));
}

TEST_CASE("an owner killed at any step of its start loses no count") {
  KillBeforeEveryStep(
      [] {
        auto where = std::make_shared<std::string>();
        return Scenario{[=](const std::string& directory, const Tally&) { *where = directory; },
                        [=](const Tally& tally) {
                          auto* segment = NewSegment(*where).release();
                          tally.Count(segment->Series(segment->Family(test::CounterFamily("c"))));
                        }};
      },
      10);
}

TEST_CASE("an owner killed at any step of a new series, or of growth for it, loses no other series") {
  // 700 counters fill the records of the first chunk, 32 histograms of 100 buckets its cells.
  for (auto [bounds, before] : {std::pair{0, 690}, {0, 5}, {100, 35}}) {
    KillBeforeEveryStep(
        [bounds = bounds, before = before] {
          struct State {
            std::unique_ptr<TestSegment> segment;
            uint32_t family = 0;
            uint32_t other = 0;
          };
          auto state = std::make_shared<State>();
          auto add = [=](int i, const Tally& tally) {
            std::string name = "series " + std::to_string(i);
            tally.Count(state->segment->Series(state->family, {name}));
            if (state->other != 0) state->segment->Series(state->other, {name}).Observe(i);
          };
          return Scenario{[=](const std::string& directory, const Tally& tally) {
                            state->segment = NewSegment(directory);
                            state->family = state->segment->Family(test::CounterFamily("c", {"label"}));
                            if (bounds > 0) {
                              std::vector<double> upper;
                              for (int i = 0; i < bounds; i++) upper.push_back(i);
                              state->other =
                                  state->segment->Family(test::HistogramFamily("h", upper, {"label"}));
                            }
                            for (int i = 0; i < before; i++) add(i, tally);
                          },
                          [=](const Tally& tally) {
                            for (int i = 0; i < 12; i++) add(before + i, tally);
                          }};
        },
        10);
  }
}

TEST_CASE("an owner killed while it removes series and reuses their cells mixes up no values") {
  KillBeforeEveryStep(
      [] {
        struct State {
          std::unique_ptr<TestSegment> segment;
          uint32_t kept = 0;
          uint32_t removed = 0;
          std::vector<TestSeries> series;
        };
        auto state = std::make_shared<State>();
        return Scenario{
            [=](const std::string& directory, const Tally&) {
              state->segment = NewSegment(directory);
              state->kept = state->segment->Family(test::CounterFamily("c", {"label"}));
              state->removed = state->segment->Family(test::CounterFamily("other", {"label"}));
              for (int i = 0; i < 6; i++) {
                state->series.push_back(state->segment->Series(state->removed, {std::to_string(i)}));
                *state->series.back().cells = 1000;
              }
            },
            [=](const Tally& tally) {
              for (const TestSeries& series : state->series) {
                state->segment->Remove(series);
                tally.Count(state->segment->Series(state->kept, {std::to_string(series.record)}));
              }
            }};
      },
      10);
}

TEST_CASE("an owner killed while it closes its segment loses no count") {
  KillBeforeEveryStep(
      [] {
        auto segment = std::make_shared<std::unique_ptr<TestSegment>>();
        return Scenario{[=](const std::string& directory, const Tally& tally) {
                          *segment = NewSegment(directory);
                          tally.Count((*segment)->Series((*segment)->Family(test::CounterFamily("c"))));
                          ::close(test::Must((*segment)->owner().OpenWakeup()));
                        },
                        [=](const Tally&) { (*segment)->owner().Close(); }};
      },
      2);
}

TEST_CASE("an owner killed during a rewrite has the old file or the new one, with all its counts") {
  KillBeforeEveryStep(
      [] {
        auto segment = std::make_shared<std::unique_ptr<TestSegment>>();
        return Scenario{[=](const std::string& directory, const Tally& tally) {
                          *segment = NewSegment(directory);
                          uint32_t family = (*segment)->Family(test::CounterFamily("c", {"label"}));
                          for (int i = 0; i < 5; i++) {
                            TestSeries series = (*segment)->Series(family, {std::to_string(i)});
                            for (int k = 0; k <= i; k++) tally.Count(series);
                            if (i % 2 == 0) (*segment)->Series(family, {"gone " + std::to_string(i)});
                          }
                          ::close(test::Must((*segment)->owner().OpenWakeup()));
                        },
                        [=](const Tally&) {
                          (*segment)->Rewrite();
                          (*segment)->owner().Close();
                        }};
      },
      15);
}

TEST_CASE("a compactor killed at any step has compacted each segment once or not at all") {
  for (int earlier : {0, 2}) {  // segments in the archive before
    KillBeforeEveryStep(
        [=] {
          auto where = std::make_shared<std::string>();
          auto add_dead = [=](int count, const Tally& tally) {
            for (int i = 0; i < count; i++) {
              auto segment = NewSegment(*where);
              TestSeries series = segment->Series(segment->Family(test::CounterFamily("c")));
              for (int k = 0; k <= i; k++) tally.Count(series);
              segment->owner().Close();
            }
          };
          return Scenario{[=](const std::string& directory, const Tally& tally) {
                            *where = directory;
                            add_dead(earlier, tally);
                            CompactDead(*where, CurrentOwner(0), CompactionTask{});
                            add_dead(3, tally);
                          },
                          [=](const Tally&) { CompactDead(*where, CurrentOwner(0), CompactionTask{}); }};
        },
        15);
  }
}

}  // namespace
}  // namespace prom
