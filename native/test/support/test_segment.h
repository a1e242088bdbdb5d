// Segments in few words: a writer, and how JavaScript counts into its cells.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_source.h"
#include "families.h"
#include "files/owner.h"
#include "format/record.h"
#include "segment/segment_writer.h"

namespace prom::test {

inline constexpr uint64_t kPlenty = 256ull * 1024 * 1024;
// Bytes of records that a new segment has room for before it grows.
inline constexpr uint64_t kFirstRecords = layout::kFirstCellsOffset - layout::kFirstRecordsOffset;
inline constexpr int kSummarySchema = 5;

// The bucket of a value in exponential buckets of that schema, by definition: (g^(k-1), g^k].
int32_t BucketKey(double value, int schema);

// A series of a TestSegment: its cells, and how its owner counts into them.
struct TestSeries {
  uint64_t record = 0;
  uint32_t count = 0;
  CellRange range;
  double* cells = nullptr;
  std::vector<double> bounds;
  std::map<std::pair<int, int32_t>, double*> pages;  // by sign and page number

  // Into a counter.
  void Increment() const;
  // Into a histogram; each store is made, in this order, as JavaScript makes them.
  void Observe(double value) const;
};

// A segment whose owner speaks in few words.
class TestSegment {
 public:
  explicit TestSegment(std::unique_ptr<SegmentWriter> writer) : writer_(std::move(writer)) {}

  static TestSegment InFile(const std::string& directory, const OwnerIdentity& owner = CurrentOwner(0),
                            uint64_t max_bytes = kPlenty);
  static TestSegment InMemory(const OwnerIdentity& owner = CurrentOwner(0), uint64_t max_bytes = kPlenty);

  SegmentWriter& writer() { return *writer_; }
  const SegmentWriter& source() const { return *writer_; }
  std::shared_ptr<const ByteSource> shared() const { return writer_; }

  void Scope(uint32_t id, std::string name, std::vector<Label> defaults = {});
  uint64_t Member(uint32_t scope, uint32_t family);
  // Adds a family under a new id, as a member of a scope; declares scope 0, the global one, when nobody did.
  uint32_t Family(FamilyRecord record, uint32_t scope = 0);
  uint64_t last_family_record() const { return family_record_; }
  uint64_t last_member_record() const { return member_record_; }

  // Label values go with the family's label names in their order.
  TestSeries Series(uint32_t family, const std::vector<std::string>& values = {});
  TestSeries SeriesOf(uint32_t family, const std::vector<SeriesLabel>& labels);
  void Remove(const TestSeries& series);

  // Observes into the summary's slot 0 of an epoch, with pages as they are needed.
  void ObserveSummary(TestSeries& series, double value, double epoch = 1);
  double* Page(const TestSeries& series, uint16_t slot, int8_t sign, uint32_t generation, int32_t number);
  double* Exemplar(const TestSeries& series, uint32_t bucket);

  // Appends a record of that whole length, of a type that readers pass over.
  Result<uint64_t> AppendUnknown(uint64_t length);

  // Moves to a new file. Series are to follow.
  std::vector<MovedRecord> Move(bool keeps_counts = true);
  void Follow(TestSeries& series, const std::vector<MovedRecord>& moved);

 private:
  uint64_t Append(layout::RecordType type, const Bytes& body);
  double* Data(const CellRange& range) { return writer_->extent(range.extent).data + range.index; }

  std::shared_ptr<SegmentWriter> writer_;
  std::vector<FamilyRecord> families_;
  bool has_global_scope_ = false;
  uint64_t family_record_ = 0;
  uint64_t member_record_ = 0;
};

}  // namespace prom::test
