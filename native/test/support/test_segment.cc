#include "test_segment.h"

#include <cmath>
#include <stdexcept>

#include "must.h"

namespace prom::test {

int32_t BucketKey(double value, int schema) {
  auto key = static_cast<int32_t>(std::ceil(std::ldexp(std::log2(value), schema)));
  while (std::exp2(std::ldexp(key - 1, -schema)) >= value) key--;
  while (std::exp2(std::ldexp(key, -schema)) < value) key++;
  return key;
}

void TestSeries::Increment() const {
  volatile double* to = cells;
  *to = *to + 1;
}

void TestSeries::Observe(double value) const {
  size_t bucket = 0;
  while (bucket < bounds.size() && value > bounds[bucket]) bucket++;
  volatile double* to = cells;
  to[layout::kHistogramHeaderCells + bucket] = to[layout::kHistogramHeaderCells + bucket] + 1;
  to[0] = to[0] + value;
  to[1] = to[1] + 1;
}

TestSegment TestSegment::InFile(const std::string& directory, const OwnerIdentity& owner,
                                uint64_t max_bytes) {
  return TestSegment(Must(OwnerPresence::Create(directory, owner, max_bytes)));
}

TestSegment TestSegment::InMemory(const OwnerIdentity& owner, uint64_t max_bytes) {
  return TestSegment(Must(OwnerPresence::Create("", owner, max_bytes)));
}

void TestSegment::Scope(uint32_t id, std::string name, std::vector<Label> defaults, uint32_t flags) {
  has_global_scope_ = has_global_scope_ || id == 0;
  Append(layout::RecordType::kScope, Encode(ScopeRecord{id, flags, std::move(name), std::move(defaults)}));
}

uint32_t TestSegment::Member(uint32_t scope, uint32_t family) {
  return Append(layout::RecordType::kMember, Encode(MemberRecord{scope, family}));
}

uint32_t TestSegment::Family(FamilyRecord record, uint32_t scope) {
  if (scope == 0 && !has_global_scope_) Scope(0, "");
  record.id = static_cast<uint32_t>(families_.size()) + 1;
  family_record_ = Append(layout::RecordType::kFamily, Encode(record));
  member_record_ = Member(scope, record.id);
  families_.push_back(std::move(record));
  return static_cast<uint32_t>(families_.size());
}

TestSeries TestSegment::Series(uint32_t family, const std::vector<std::string>& values) {
  std::vector<SeriesLabel> labels;
  for (const std::string& value : values) {
    labels.push_back({static_cast<uint16_t>(labels.size()), layout::LabelKind::kString, value});
  }
  return SeriesOf(family, labels);
}

TestSeries TestSegment::SeriesOf(uint32_t family, const std::vector<SeriesLabel>& labels) {
  const FamilyRecord& definition = families_.at(family - 1);
  SeriesRecord record;
  record.family = family;
  record.cell_count = definition.CellCount();
  record.labels = labels;
  TestSeries series;
  series.count = record.cell_count;
  series.range = Must(writer().AllocateCells(record.cell_count));
  series.bounds = definition.bounds;
  series.cells = writer().Data(series.range);
  record.cells_offset = series.range.file_offset;
  series.record = Append(layout::RecordType::kSeries, Encode(record));
  return series;
}

void TestSegment::Remove(const TestSeries& series) {
  writer().Remove(series.record);
  writer().FreeCells(series.range, series.count);
}

void TestSegment::ObserveSummary(TestSeries& series, double value, double epoch) {
  double* slot = series.cells + layout::kSummaryHeaderCells;
  slot[0] = epoch;
  slot[6] = kSummarySchema;
  if (value == 0) {
    slot[3] += 1;
  } else {
    int sign = value > 0 ? 1 : -1;
    int32_t key = BucketKey(std::fabs(value), kSummarySchema);
    int32_t number = key >> 5;
    double*& page = series.pages[{sign, number}];
    if (page == nullptr) page = Page(series, 0, static_cast<int8_t>(sign), 0, number);
    page[key - number * 32] += 1;
  }
  slot[4] = slot[2] == 0 ? value : std::fmin(slot[4], value);
  slot[5] = slot[2] == 0 ? value : std::fmax(slot[5], value);
  slot[2] += 1;
  series.cells[1] += value;
  series.cells[0] += 1;
}

double* TestSegment::Page(const TestSeries& series, uint16_t slot, int8_t sign, uint32_t generation,
                          int32_t number, int8_t schema) {
  CellRange range = Must(writer().AllocateCells(layout::kPageCells));
  PageRecord record;
  record.series_offset = writer().FileOffset(series.range);
  record.cells_offset = range.file_offset;
  record.generation = generation;
  record.number = number;
  record.slot = slot;
  record.schema = schema;
  record.sign = sign;
  bool native = slot == layout::kNativeSlot;
  Append(native ? layout::RecordType::kNativePage : layout::RecordType::kPage, Encode(record));
  return writer().Data(range);
}

double* TestSegment::Native(const TestSeries& series, int8_t schema, double zero_threshold) {
  CellRange range = Must(writer().AllocateCells(layout::kNativeCells));
  NativeRecord record{series.range.file_offset, range.file_offset, zero_threshold};
  Append(layout::RecordType::kNative, Encode(record));
  writer().Data(range)[layout::kNativeSchema] = schema;
  return writer().Data(range);
}

double* TestSegment::Exemplar(const TestSeries& series, uint32_t bucket) {
  CellRange range = Must(writer().AllocateCells(layout::kExemplarCells));
  ExemplarRecord record{writer().FileOffset(series.range), range.file_offset, bucket};
  Append(layout::RecordType::kExemplar, Encode(record));
  return writer().Data(range);
}

Result<uint32_t> TestSegment::AppendUnknown(uint64_t length) {
  return writer().Append(static_cast<layout::RecordType>(999),
                         Bytes(length - layout::kRecordHeaderSize, 0xab));
}

std::optional<SystemError> TestSegment::TryRewrite(bool keeps_counts,
                                                   const std::function<void(prom::Rewrite&)>& slice) {
  auto rewrite = prom::Rewrite::Begin(writer(), writer().directory());
  if (!rewrite.ok()) return rewrite.error();
  for (;;) {
    auto done = rewrite.value()->Copy(slice ? 7 : 1000);
    if (!done.ok()) return done.error();
    if (done.value()) break;
    if (slice) slice(*rewrite.value());
  }
  return owner_->Replace(rewrite.value()->Finish(keeps_counts));
}

void TestSegment::Rewrite(bool keeps_counts) {
  if (auto error = TryRewrite(keeps_counts)) throw std::runtime_error(error->syscall);
}

uint32_t TestSegment::Append(layout::RecordType type, const Bytes& body) {
  return Must(writer().Append(type, body));
}

}  // namespace prom::test
