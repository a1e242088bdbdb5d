// The part of Merge that chooses exemplars: of each bucket the newest.
#include <algorithm>
#include <cstring>
#include <optional>

#include "merge/merge.h"

namespace prom {
namespace {

// The text of an exemplar's slot: for each label the lengths of name and value, 16 bits each, then both. None when it
// contradicts itself.
std::optional<std::vector<Label>> DecodeExemplarLabels(const double* slot) {
  constexpr size_t kCapacity = layout::kExemplarTextCells * sizeof(double);
  if (!(slot[2] >= 0) || slot[2] > kCapacity) return std::nullopt;
  const char* p = reinterpret_cast<const char*>(slot + 3);
  auto left = static_cast<size_t>(slot[2]);
  std::vector<Label> labels;
  while (left > 0) {
    uint16_t lengths[2];
    if (left < sizeof lengths) return std::nullopt;
    std::memcpy(lengths, p, sizeof lengths);
    size_t whole = sizeof lengths + lengths[0] + lengths[1];
    if (left < whole) return std::nullopt;
    p += sizeof lengths;
    labels.push_back(
        {std::string(p, lengths[0]), layout::LabelKind::kString, std::string(p + lengths[0], lengths[1])});
    p += lengths[0] + lengths[1];
    left -= whole;
  }
  return labels;
}

}  // namespace

const std::vector<MergedExemplar>* Merge::exemplars(uint32_t series) const {
  auto found = exemplars_.find(series);
  return found == exemplars_.end() || found->second.empty() ? nullptr : &found->second;
}

void Merge::AccumulateExemplars(const SegmentReader& reader, const FamilyPlan& plan) {
  const double* cells = reader.values();
  for (const Contribution& from : plan.contributions) {
    for (const ReadExemplar& exemplar : reader.series()[from.source].exemplars) {
      const double* own = cells + exemplar.cell;
      if (own[0] != 1 && own[0] != 2) continue;  // none yet
      const double* slot = own + 1 + (own[0] == 2 ? layout::kExemplarSlotCells : 0);
      std::vector<MergedExemplar>& all = exemplars_[from.series];
      auto known = std::find_if(all.begin(), all.end(),
                                [&](const MergedExemplar& other) { return other.bucket == exemplar.bucket; });
      if (known != all.end() && !(slot[1] > known->time)) continue;
      auto labels = DecodeExemplarLabels(slot);
      if (!labels) continue;  // no honest owner's
      if (known == all.end()) known = all.insert(known, {exemplar.bucket, 0, 0, {}});
      known->value = slot[0];
      known->time = slot[1];
      known->labels = std::move(*labels);
    }
  }
}

}  // namespace prom
