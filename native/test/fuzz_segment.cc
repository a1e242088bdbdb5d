// Feeds arbitrary bytes to all code that reads segments and archives (fuzz_input.h). Besides the sanitizers it checks that
//
//   - a Group that is kept from scrape to scrape shows the same as a new one,
//   - a compaction makes an archive that can be read, and compacted again,
//   - no sum or count changes when its owners are compacted.
//
//   fuzz-segment --write-corpus DIRECTORY     writes the seeds instead
#include <unistd.h>

#include <cstdlib>
#include <memory>

#include "files/directory.h"
#include "fuzz_input.h"
#include "fuzz_totals.h"
#include "group/archive.h"
#include "group/compaction.h"
#include "group/group.h"
#include "merge/merge.h"
#include "support/byte_sources.h"
#include "support/files.h"
#include "support/segment_image.h"

namespace prom::fuzz {
namespace {

using layout::Extent;
using layout::Header;
using test::MemorySource;

void Require(bool holds) {
  if (!holds) std::abort();
}

// Changes from one content into another after some reads.
class TurningSource : public ByteSource {
 public:
  TurningSource(const Bytes& before, const Bytes& after, int reads)
      : before_(before), after_(after), reads_(reads) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    const MemorySource& now = reads_ > 0 ? before_ : after_;
    if (reads_ > 0) reads_--;
    return now.Read(to, length, offset);
  }

 private:
  MemorySource before_;
  MemorySource after_;
  mutable int reads_;
};

OwnerIdentity Self() {
  OwnerIdentity self;
  self.pid = self.tid = 1;
  return self;
}

std::string Render(Group& group, Format format,
                   const std::vector<std::shared_ptr<const ByteSource>>& segments = {}) {
  Scrape scrape;
  scrape.view = {{"", "1"}, true};
  scrape.now_ms = kNowMs;
  scrape.format = format;
  scrape.private_segments = segments;
  return std::string(group.Render(scrape).value().view());
}

// One family without its default labels.
std::string RenderFamily(Group& group, const std::vector<std::shared_ptr<const ByteSource>>& segments) {
  Scrape scrape;
  scrape.view = {{"", "1"}, false};
  scrape.now_ms = kNowMs;
  scrape.names = {{"c"}};
  scrape.private_segments = segments;
  return std::string(group.Render(scrape).value().view());
}

// Whether an owner could have changed `before` into `after`, or they are different segments: so the knowledge of a reader
// about the one is true or irrelevant for the other.
bool Follows(const Bytes& before, const Bytes& after) {
  if (before.size() < layout::kHeaderSize || after.size() < layout::kHeaderSize) return true;
  Header a;
  Header b;
  std::memcpy(&a, before.data(), sizeof a);
  std::memcpy(&b, after.data(), sizeof b);
  if (a.segment_id != b.segment_id) return true;
  if (a.extent_count > b.extent_count || b.extent_count > layout::kMaxExtents ||
      std::memcmp(a.extents, b.extents, a.extent_count * sizeof(Extent)) != 0) {
    return false;
  }
  if (a.removals != b.removals) return true;
  uint64_t end = 0;
  for (size_t at : Records(before, &end)) {
    uint32_t length = RecordAt(before, at).length;
    if (after.size() < at + length || std::memcmp(before.data() + at, after.data() + at, length) != 0)
      return false;
  }
  return a.records_end == end && b.records_end >= end;
}

void ReadTwice(const Input& input) {
  SegmentReader reader;
  TurningSource turning(input.parts[0], input.parts[1], input.reads);
  Merge merge({{"", "1"}, true});
  for (int i = 0; i < 2; i++) {
    if (reader.Update(turning) != SkipReason::kNone || reader.ReadValues(turning) != SkipReason::kNone)
      continue;
    std::vector<MergeInput> inputs = {{&reader, i == 0, true, "1"}};
    merge.Run(inputs, kNowMs);
    Merge anew({{"", "1"}, true});
    anew.Run(inputs, kNowMs);
    if (merge.plan().families().size() != anew.plan().families().size() ||
        merge.plan().series().size() != anew.plan().series().size() ||
        merge.conflicts() != anew.conflicts()) {
      std::abort();
    }
  }
}

void ReadAlong(const Input& input) {
  auto first = std::make_shared<MemorySource>(input.parts[0]);
  auto second = std::make_shared<MemorySource>(input.parts[1]);
  Group along("", Self());
  // The first alone, with the second, alone again, and then with the content of the second.
  for (int step = 0; step < 4; step++) {
    std::vector<std::shared_ptr<const ByteSource>> segments = {first};
    if (step == 1) segments.push_back(second);
    if (step == 3) first->bytes = input.parts[1];
    auto format = static_cast<Format>((input.reads + step) % 3);
    std::string text = Render(along, format, segments);
    if (step == 3 && !Follows(input.parts[0], input.parts[1])) break;
    Group anew("", Self());
    Require(text == Render(anew, format, segments));
    if (step == 1) RenderFamily(anew, segments);
  }
  ReadTwice(input);
}

// A directory with the files of a group whose owners are all gone. It is emptied and reused each time.
const std::string& GroupOf(const Input& input) {
  static const test::TemporaryDirectory directory;
  const char* names[kParts] = {"s.1.1.a", "s.2.2.b", kArchiveName};
  for (const std::string& name : directory.Names()) {
    if (name != kLockName && name != kSessionName) ::unlink(directory.File(name).c_str());
  }
  for (size_t i = 0; i < kParts; i++) {
    if (input.parts[i].empty()) continue;
    Bytes bytes = input.parts[i];
    bool closes = i != kArchive && bytes.size() >= layout::kHeaderSize;
    if (closes) test::HeaderOf(bytes).state = static_cast<uint32_t>(layout::OwnerState::kClosed);
    test::WriteWholeFile(directory.File(names[i]), bytes);
  }
  return directory.path();
}

void Compact(const Input& input) {
  const std::string& directory = GroupOf(input);
  ArchiveLimits limits;
  bool roomy = input.task == 1;
  if (!roomy) limits = {input.task / 2u % 4, input.task / 8u % 2, input.task / 16u % 2};
  Group along(directory, Self());
  Render(along, Format::kText);
  Totals before(directory);

  auto compacted = along.Compact(limits, kNowMs, false);
  Require(compacted.ok());
  Totals after(directory);
  Require(compacted.value() == 0 || after.has_archive());
  // Sums of exact numbers may be too large to be exact.
  bool comparable = before.comparable() && after.comparable();
  Require(!roomy || !comparable || before.samples() == after.samples());
  if (input.reads % 2 == 1) {
    Group anew(directory, Self());
    auto format = static_cast<Format>(input.reads % 3);
    Require(Render(along, format) == Render(anew, format));
    return;
  }
  // A removal that matches no series makes a new archive of the old one.
  SeriesFilter nothing;
  nothing.scope = "unused";
  CompactionTask again;
  again.now_ms = kNowMs;
  again.removal = &nothing;
  Require(CompactDead(directory, Self(), again).ok());
  Totals last(directory);
  Require(last.has_archive() == after.has_archive());
  Require(!after.comparable() || !last.comparable() || after.samples() == last.samples());
}

}  // namespace
}  // namespace prom::fuzz

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::strcmp((*argv)[1], "--write-corpus") == 0) {
    prom::fuzz::WriteCorpus((*argv)[2]);
    std::exit(0);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto input = prom::fuzz::Input::Of(data, size);
  input.compacts() ? prom::fuzz::Compact(input) : prom::fuzz::ReadAlong(input);
  return 0;
}
