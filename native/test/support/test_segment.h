// A segment for tests, and counting into its cells as JavaScript does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "families.h"
#include "files/owner.h"
#include "format/record.h"
#include "segment/owner_presence.h"
#include "segment/rewrite.h"

namespace prom::test {

inline constexpr uint64_t kPlenty = 256ull * 1024 * 1024;
// Room for records in a new segment, in bytes.
inline constexpr uint64_t kFirstRecords = layout::kFirstCellsOffset - layout::kFirstRecordsOffset;
inline constexpr int kSummarySchema = 5;

// The bucket of a value in exponential buckets of that schema, by definition: (g^(k-1), g^k].
int32_t BucketKey(double value, int schema);

// A series of a TestSegment and its cells.
struct TestSeries {
  uint32_t record = 0;
  uint32_t count = 0;
  CellRange range;
  double* cells = nullptr;
  std::vector<double> bounds;
  std::map<std::pair<int, int32_t>, double*> pages;  // by sign and page number

  // For a counter.
  void Increment() const;
  // For a histogram. The stores are in the order of JavaScript's.
  void Observe(double value) const;
};

class TestSegment {
 public:
  explicit TestSegment(std::unique_ptr<OwnerPresence> owner) : owner_(std::move(owner)) {}

  static TestSegment InFile(const std::string& directory, const OwnerIdentity& owner = CurrentOwner(0),
                            uint64_t max_bytes = kPlenty);
  static TestSegment InMemory(const OwnerIdentity& owner = CurrentOwner(0), uint64_t max_bytes = kPlenty);

  OwnerPresence& owner() { return *owner_; }
  SegmentWriter& writer() const { return *owner_->segment(); }
  const SegmentWriter& source() const { return writer(); }
  std::shared_ptr<const ByteSource> shared() const { return owner_->segment(); }

  void Scope(uint32_t id, std::string name, std::vector<Label> defaults = {}, uint32_t flags = 0);
  uint32_t Member(uint32_t scope, uint32_t family);
  // Adds a family with a new id, as a member of a scope; adds scope 0, the global one, if it does not exist.
  uint32_t Family(FamilyRecord record, uint32_t scope = 0);
  uint32_t last_family_record() const { return family_record_; }
  uint32_t last_member_record() const { return member_record_; }

  // Label values are in the order of the label names of the family.
  TestSeries Series(uint32_t family, const std::vector<std::string>& values = {});
  TestSeries SeriesOf(uint32_t family, const std::vector<SeriesLabel>& labels);
  void Remove(const TestSeries& series);

  // Observes in slot 0 of the summary at an epoch, and adds pages for it.
  void ObserveSummary(TestSeries& series, double value, double epoch = 1);
  // With kNativeSlot a page of a native histogram.
  double* Page(const TestSeries& series, uint16_t slot, int8_t sign, uint32_t generation, int32_t number,
               int8_t schema = 5);
  // Makes a histogram a native one. Returns its header.
  double* Native(const TestSeries& series, int8_t schema, double zero_threshold = 0);
  double* Exemplar(const TestSeries& series, uint32_t bucket);

  // Appends a record of this length, of a type that readers pass over.
  Result<uint32_t> AppendUnknown(uint64_t length);

  // Rewrites the segment, with `slice` after each slice of a few records. The error, if there is one; then nothing has changed.
  std::optional<SystemError> TryRewrite(bool keeps_counts = true,
                                        const std::function<void(prom::Rewrite&)>& slice = nullptr);
  void Rewrite(bool keeps_counts = true);

 private:
  uint32_t Append(layout::RecordType type, const Bytes& body);

  std::unique_ptr<OwnerPresence> owner_;
  std::vector<FamilyRecord> families_;
  bool has_global_scope_ = false;
  uint32_t family_record_ = 0;
  uint32_t member_record_ = 0;
};

}  // namespace prom::test
