#include "merge/exemplar.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace prom {
namespace {

constexpr size_t kTextCell = 3;

// Calls `each(name, text)` for the labels in the text of a slot: for each label the lengths of name and value, 16 bits each,
// then both. Returns false when the lengths contradict each other.
template <typename Each>
bool EachLabel(const double* slot, Each each) {
  if (!(slot[2] >= 0) || slot[2] > layout::kExemplarTextCells * sizeof(double)) return false;
  std::string_view rest(reinterpret_cast<const char*>(slot + kTextCell), static_cast<size_t>(slot[2]));
  while (!rest.empty()) {
    uint16_t lengths[2];
    if (rest.size() < sizeof lengths) return false;
    std::memcpy(lengths, rest.data(), sizeof lengths);
    rest.remove_prefix(sizeof lengths);
    size_t length = size_t{lengths[0]} + lengths[1];
    if (rest.size() < length) return false;
    each(rest.substr(0, lengths[0]), rest.substr(lengths[0], lengths[1]));
    rest.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::vector<Label> Exemplar::Labels() const {
  std::vector<Label> labels;
  EachLabel(slot.data(), [&](std::string_view name, std::string_view text) {
    labels.push_back({std::string(name), layout::LabelKind::kString, std::string(text)});
  });
  return labels;
}

void KeepNewest(std::vector<Exemplar>& exemplars, uint32_t bucket, const double* cells) {
  if (cells[0] != 1 && cells[0] != 2) return;
  const double* slot = cells + 1 + (cells[0] == 2 ? layout::kExemplarSlotCells : 0);
  auto known = std::find_if(exemplars.begin(), exemplars.end(),
                            [bucket](const Exemplar& other) { return other.bucket == bucket; });
  bool newest = known == exemplars.end() || slot[1] > known->time();
  if (!newest || !EachLabel(slot, [](auto, auto) {})) return;
  if (known == exemplars.end()) known = exemplars.insert(known, {bucket, {}});
  known->slot.fill(0);
  size_t length = (static_cast<size_t>(slot[2]) + sizeof(double) - 1) / sizeof(double);
  std::copy_n(slot, kTextCell + length, known->slot.begin());
}

}  // namespace prom
