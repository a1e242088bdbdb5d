#include "fuzz_totals.h"

#include <cmath>
#include <memory>
#include <set>

#include "files/directory.h"
#include "format/merge_mode.h"
#include "fuzz_input.h"
#include "group/archive_file.h"
#include "merge/merge.h"
#include "support/files.h"

namespace prom::fuzz {
namespace {

using layout::MergeMode;
using layout::MetricType;

// Sums of some thousand such numbers are exact in any order.
bool IsExact(double value) {
  return std::fabs(value) < 0x1p40 && std::ldexp(value, 10) == std::trunc(std::ldexp(value, 10));
}

// The values to sum and compare. The archive may change the time of a `mostrecent` gauge.
bool AddsUp(const SegmentReader& reader) {
  for (const ReadSeries& series : reader.series()) {
    const FamilyRecord& family = reader.families()[series.family].record;
    if (family.merge_mode != MergeMode::kSum) continue;  // only sums are compared
    uint32_t summed = family.type == MetricType::kSummary ? layout::kSummaryHeaderCells : family.CellCount();
    for (uint32_t i = 0; i < summed; i++) {
      const double* own = reader.values() + series.cell;
      if (!IsExact(own[i]) || (reader.is_archive() && !IsExact(own[family.CellCount() + i]))) return false;
    }
  }
  return true;
}

std::vector<LabelRef> RefsOf(const std::vector<Label>& labels) {
  std::vector<LabelRef> refs;
  for (const Label& label : labels) refs.push_back({label.name, label.kind, label.text});
  return refs;
}

// Whether all families have different ids, and those of one name one definition.
class Definitions {
 public:
  bool Agree(const SegmentReader& reader) {
    std::set<uint32_t> ids;
    for (const ReadFamily& family : reader.families()) {
      if (!ids.insert(family.record.id).second) return false;
      FamilyRecord content = family.record;
      content.id = 0;
      content.help.clear();
      if (IsPerOwner(content.merge_mode)) content.label_names.clear();  // the archive adds one
      Bytes bytes = Encode(content);
      auto [known, added] = by_name_.try_emplace(content.name, bytes);
      if (!added && known->second != bytes) return false;
    }
    return true;
  }

 private:
  std::map<std::string, Bytes> by_name_;
};

}  // namespace

Totals::Totals(const std::string& path) {
  UniqueFd directory = OpenDirectory(path);
  ArchiveFile archive;
  archive.Update(directory.get());
  has_archive_ = archive.present();
  std::vector<std::unique_ptr<SegmentReader>> segments;
  std::vector<MergeInput> inputs;
  if (has_archive_) inputs.push_back({&archive.reader(), false, true, "archive"});
  for (const char* name : {"s.1.1.a", "s.2.2.b"}) {
    UniqueFd fd = test::OpenForReading(path + '/' + name);
    if (!fd.valid()) continue;
    FileSource source(fd.get());
    auto reader = std::make_unique<SegmentReader>();
    if (reader->Update(source) != SkipReason::kNone || reader->ReadValues(source) != SkipReason::kNone ||
        reader->is_archive() || archive.HasCompacted(reader->header())) {
      continue;
    }
    inputs.push_back({reader.get(), false, true, name});
    segments.push_back(std::move(reader));
  }
  std::set<SegmentId> ids;
  Definitions definitions;
  for (const MergeInput& input : inputs) {
    comparable_ = comparable_ && ids.insert(OriginOf(input.reader->header())).second &&
                  definitions.Agree(*input.reader) && AddsUp(*input.reader);
  }
  if (!comparable_) return;
  Merge merge({{"", "1"}, true});
  merge.Run(inputs, kNowMs);
  for (const MergedFamily& family : merge.plan().families()) {
    if (family.definition.merge_mode != MergeMode::kSum) continue;
    // The quantiles of a summary are not sums.
    uint32_t first = family.definition.type == MetricType::kSummary ? family.value_count - 2 : 0;
    for (uint32_t index : family.series) {
      const double* values = merge.totals().values(merge.plan().series()[index]);
      const MergedIdentity& series = merge.plan().identity(index);
      std::string key(LabelKeys().Of(RefsOf(series.labels), RefsOf(series.defaults)));
      samples_[{family.definition.name, key}] = {values + first, values + family.value_count};
    }
  }
}

}  // namespace prom::fuzz
