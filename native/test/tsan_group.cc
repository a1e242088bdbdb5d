// A group in one process, under ThreadSanitizer: owners that count, make and remove series, rewrite their segments and exit,
// scrapes and compactors, all at once. Fails on a data race, on a total that goes down, and on a wrong total at the end.
//
// The sanitizer does not see accesses through files, pread and mappings. It sees the memory that threads of one process share:
// a Group that several threads scrape, and a segment in memory that its owner fills meanwhile. Its real owner is JavaScript,
// whose aligned stores of doubles are like those of CountInto(): relaxed and whole.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "group/compaction.h"
#include "group/group.h"
#include "platform/atomic.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::TestSegment;
using test::TestSeries;

constexpr int kOwners = 2;
constexpr int kOwnerRounds = 1500;
constexpr int kShortOwners = 150;
constexpr int kShortRounds = 20;
constexpr int kRoundsOfRewrite = 100;
constexpr int kRoundsOfScrape = 5;
constexpr double kNowMs = 1.7e12;

// The total of all series but the one that each round makes and removes.
constexpr uint64_t kTotal = uint64_t{kOwners + 1} * kOwnerRounds + uint64_t{kShortOwners} * kShortRounds;

[[noreturn]] void Fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::_Exit(1);
}

// Its owner alone stores into a cell.
void CountInto(double& cell, double by) { AtomicStoreRelaxed(cell, cell + by); }

class Owner {
 public:
  explicit Owner(TestSegment segment) : segment_(std::move(segment)) {
    // The cell that visitors reuse is among the cells that scrapes read.
    visits_ = segment_.Family(test::CounterFamily("visits", {"who"}));
    TestSeries first = segment_.Series(visits_, {"first"});
    hits_ = segment_.Series(segment_.Family(test::CounterFamily("hits")));
    taken_ = segment_.Series(segment_.Family(test::HistogramFamily("taken", {1, 2})));
    segment_.Remove(first);
  }

  std::shared_ptr<const ByteSource> source() const { return segment_.shared(); }

  // One hit, one observation, and a series that is made and removed.
  void Round(int number) {
    CountInto(hits_.cells[0], 1);
    CountInto(taken_.cells[layout::kHistogramHeaderCells + static_cast<size_t>(number % 3)], 1);
    CountInto(taken_.cells[0], number % 3);
    CountInto(taken_.cells[1], 1);
    TestSeries visitor = segment_.Series(visits_, {std::to_string(number)});
    CountInto(visitor.cells[0], 1);
    segment_.Remove(visitor);
    segment_.owner().CountDrops(0, 1);
    segment_.owner().Heartbeat();
  }
  void Rewrite() { segment_.Rewrite(); }

 private:
  TestSegment segment_;
  TestSeries hits_;
  TestSeries taken_;
  uint32_t visits_;
};

// The last values of one thread's scrapes: the next scrape must not show less.
class Watcher {
 public:
  void Scrape(Group& group, const std::shared_ptr<const ByteSource>& in_memory) {
    prom::Scrape scrape;
    scrape.view = {{""}, true};
    scrape.now_ms = kNowMs;
    scrape.self_metrics = SelfMetricsShown::kAll;
    scrape.private_segments = {in_memory};
    auto rendered = group.Render(scrape);
    if (!rendered.ok()) return;  // there was a new archive at each attempt
    std::string text(rendered.value().view());
    for (const char* name : {"hits", "taken_count", "taken_sum", "prom_client_mmap_dropped_updates_total"}) {
      double now = std::max(0.0, test::Number(text, name));  // there may be none yet
      if (now < last_[name])
        Fail(std::string(name) + " went from " + std::to_string(last_[name]) + " to " + std::to_string(now));
      last_[name] = now;
    }
  }
  double last(const std::string& name) { return last_[name]; }

 private:
  std::map<std::string, double> last_;
};

int Run() {
  test::TemporaryDirectory directory;
  const OwnerIdentity self = CurrentOwner(0);
  Owner in_memory(TestSegment::InMemory());
  std::shared_ptr<const ByteSource> source = in_memory.source();
  Group shared(directory.path(), self);
  std::atomic<int> begun{0};  // scrapes
  std::atomic<int> counting{kOwners + 2};

  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < kOwners; i++) {
    threads.emplace_back([&, i] {
      Owner owner(TestSegment::InFile(directory.path(), CurrentOwner(i + 1)));
      for (int round = 0; round < kOwnerRounds; round++) {
        owner.Round(round);
        if (round % kRoundsOfRewrite == kRoundsOfRewrite - 1) owner.Rewrite();
      }
      counting--;
    });
  }
  threads.emplace_back([&] {
    // Only while another thread reads it.
    for (int round = 0, seen = 0; round < kOwnerRounds; round++) {
      while (round % kRoundsOfScrape == 0 && begun == seen) std::this_thread::yield();
      if (round % kRoundsOfScrape == 0) seen = begun;
      in_memory.Round(round);
    }
    counting--;
  });
  threads.emplace_back([&] {
    for (int i = 0; i < kShortOwners; i++) {
      std::thread([&] {
        Owner owner(TestSegment::InFile(directory.path(), CurrentOwner(9)));
        for (int round = 0; round < kShortRounds; round++) owner.Round(round);
      }).join();
    }
    counting--;
  });
  std::atomic<uint32_t> compacted{0};
  for (int i = 0; i < 2; i++) {
    threads.emplace_back([&] {
      Removal removal;
      removal.filter.family = "visits";
      while (counting > 0) {
        auto result = shared.Compact({}, kNowMs, false);
        if (!result.ok()) Fail(std::string("a compaction failed at ") + result.error().syscall);
        compacted += result.value();
        shared.RemoveSeries(removal);
      }
    });
  }
  for (int i = 0; i < 3; i++) {
    threads.emplace_back([&, i] {
      Watcher watcher;
      Group own(directory.path(), self);
      while (counting > 0) {
        begun++;
        watcher.Scrape(i == 0 ? own : shared, source);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  Watcher last;
  last.Scrape(shared, source);
  double sum = 3.0 * (kOwners + 1) * (kOwnerRounds / 3) + kShortOwners * 19.0;
  if (last.last("hits") != kTotal || last.last("taken_count") != kTotal || last.last("taken_sum") != sum) {
    Fail("of " + std::to_string(kTotal) + " hits " + std::to_string(last.last("hits")) + " are left, and " +
         std::to_string(last.last("taken_count")) + " observations with the sum " +
         std::to_string(last.last("taken_sum")));
  }
  if (compacted == 0) Fail("nothing was compacted");
  std::printf("%llu hits, %u segments compacted, no races\n", static_cast<unsigned long long>(kTotal),
              compacted.load());
  return 0;
}

}  // namespace
}  // namespace prom

int main() { return prom::Run(); }
