// A group of four segments and 1,000 label sets that is scraped a few times, for callgrind to count the instructions of the
// first scrape and of the others: scripts/instructions.mjs runs it and names the functions below. The owners are in a child
// that executes the program anew, and so without callgrind, some versions of which do not survive what a segment maps.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "group/group.h"
#include "support/child.h"
#include "support/families.h"
#include "support/files.h"
#include "support/test_segment.h"

using prom::Group;
using prom::test::Child;
using prom::test::TestSegment;
using prom::test::TestSeries;

namespace {

constexpr int kOwners = 4;
constexpr int kLabelSets = 1000;
constexpr int kNextScrapes = 4;

size_t Scrape(Group& group) {
  prom::Scrape scrape;
  scrape.view = {{""}, true};
  auto rendered = group.Render(scrape);
  return rendered.ok() ? rendered.value().size() : 0;
}

// An owner that counts one request of each kind in a round, each time of another duration.
class Owner {
 public:
  explicit Owner(const std::string& directory) : segment_(TestSegment::InFile(directory)) {
    uint32_t requests = segment_.Family(prom::test::CounterFamily("requests_total", {"method", "route"}));
    uint32_t latency = segment_.Family(prom::test::HistogramFamily(
        "latency_seconds", {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}, {"method", "route"}));
    for (int i = 0; i < kLabelSets; i++) {
      std::vector<std::string> labels = {i % 2 == 0 ? "GET" : "POST", "/r" + std::to_string(i / 2)};
      requests_.push_back(segment_.Series(requests, labels));
      latency_.push_back(segment_.Series(latency, labels));
    }
  }

  void Round(int number) {
    for (int i = 0; i < kLabelSets; i++) {
      requests_[static_cast<size_t>(i)].Increment();
      latency_[static_cast<size_t>(i)].Observe((i + number) % 17 / 7.0);
    }
  }

 private:
  TestSegment segment_;
  std::vector<TestSeries> requests_;
  std::vector<TestSeries> latency_;
};

// Counts a round at each signal, until the other end is closed.
[[noreturn]] void Count(const std::string& directory, const Child::Line& line) {
  std::vector<Owner> owners;
  for (int i = 0; i < kOwners; i++) owners.emplace_back(directory);
  for (int round = 0;; round++) {
    line.Hear();
    for (Owner& owner : owners) owner.Round(round);
    line.Tell('c');
  }
}

}  // namespace

extern "C" {
__attribute__((noinline)) size_t FirstScrape(Group& group) { return Scrape(group); }
__attribute__((noinline)) size_t NextScrape(Group& group) { return Scrape(group); }
}

int main(int argc, char** argv) {
  if (argc == 2) Count(argv[1], {STDOUT_FILENO, STDIN_FILENO});
  prom::test::TemporaryDirectory directory;
  Child owners([&](const Child::Line& line) {
    ::dup2(line.from_parent, STDIN_FILENO);
    ::dup2(line.to_parent, STDOUT_FILENO);
    ::execl(argv[0], argv[0], directory.path().c_str(), nullptr);
    std::perror(argv[0]);
  });
  Group group(directory.path(), prom::CurrentOwner(0));
  size_t bytes = 0;
  for (int round = 0; round <= kNextScrapes; round++) {
    owners.Tell('c');
    if (owners.Hear() != 'c') return 1;
    bytes = round == 0 ? FirstScrape(group) : NextScrape(group);
  }
  std::printf("%d %zu\n", kNextScrapes, bytes);
  return bytes > kLabelSets * 14 * 40 ? 0 : 1;
}
