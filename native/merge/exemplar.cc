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
  const char* p = reinterpret_cast<const char*>(slot + kTextCell);
  for (auto left = static_cast<size_t>(slot[2]); left > 0;) {
    uint16_t lengths[2];
    if (left < sizeof lengths) return false;
    std::memcpy(lengths, p, sizeof lengths);
    size_t whole = sizeof lengths + lengths[0] + lengths[1];
    if (left < whole) return false;
    p += sizeof lengths;
    each(std::string_view(p, lengths[0]), std::string_view(p + lengths[0], lengths[1]));
    p += lengths[0] + lengths[1];
    left -= whole;
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

const double* CurrentSlot(const double* cells) {
  if (cells[0] != 1 && cells[0] != 2) return nullptr;
  const double* slot = cells + 1 + (cells[0] == 2 ? layout::kExemplarSlotCells : 0);
  return EachLabel(slot, [](auto, auto) {}) ? slot : nullptr;
}

void KeepNewest(std::vector<Exemplar>& exemplars, uint32_t bucket, const double* slot) {
  auto known = std::find_if(exemplars.begin(), exemplars.end(),
                            [bucket](const Exemplar& other) { return other.bucket == bucket; });
  if (known == exemplars.end()) {
    known = exemplars.insert(known, {bucket, {}});
  } else if (slot[1] > known->time()) {
    known->slot.fill(0);
  } else {
    return;
  }
  size_t length = (static_cast<size_t>(slot[2]) + sizeof(double) - 1) / sizeof(double);
  std::copy_n(slot, kTextCell + length, known->slot.begin());
}

}  // namespace prom
