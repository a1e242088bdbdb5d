#include "segment/newcomers.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "format/record.h"

namespace prom {
namespace {

constexpr size_t kFewestSlots = 16;

uint64_t RandomSeed() {
  std::random_device random;
  return uint64_t{random()} << 32 | random();
}

// Both halves of the product, so that each bit of the result depends on all bits of both.
uint64_t Mix(uint64_t a, uint64_t b) {
  auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Whether a record has these labels, which are plain, in whatever shape. Undefined is absent.
bool HasLabels(std::span<const uint8_t> body, std::span<const uint8_t> labels) {
  std::span<const uint8_t> own = SeriesBody::LabelsOf(body);
  if (own.size() == labels.size() && std::memcmp(own.data(), labels.data(), own.size()) == 0) return true;
  std::vector<LabelView> there = SeriesBody::View(own);
  std::erase_if(there, [](const LabelView& label) { return label.kind == layout::LabelKind::kUndefined; });
  std::sort(there.begin(), there.end(),
            [](const LabelView& a, const LabelView& b) { return a.name < b.name; });
  std::vector<LabelView> wanted = SeriesBody::View(labels);
  return std::equal(
      there.begin(), there.end(), wanted.begin(), wanted.end(),
      [](const LabelView& a, const LabelView& b) { return a.name == b.name && a.text == b.text; });
}

template <typename Slot>
uint64_t NameOf(const Slot& slot) {
  return uint64_t{slot.record - 1} * layout::kRecordAlignment;
}

template <typename Slots>
void Enter(Slots& slots, typename Slots::value_type slot) {
  size_t at = slot.hash & (slots.size() - 1);
  while (slots[at].record != 0) at = (at + 1) & (slots.size() - 1);
  slots[at] = slot;
}

// Frees a slot, and brings those after it nearer to where they are looked for, so that none is behind a free one.
template <typename Slots>
void Free(Slots& slots, size_t free) {
  size_t mask = slots.size() - 1;
  for (size_t at = (free + 1) & mask; slots[at].record != 0; at = (at + 1) & mask) {
    size_t from_home = (at - slots[at].hash) & mask;
    size_t from_free = (at - free) & mask;
    if (from_home < from_free) continue;
    slots[free] = slots[at];
    free = at;
  }
  slots[free] = {};
}

static_assert(layout::kRecordAlignment == sizeof(uint64_t), "labels are hashed word by word");

}  // namespace

Newcomers::Newcomers() : seed_(RandomSeed()) {}

Newcomers::Sought Newcomers::Seek(uint32_t family, std::span<const uint8_t> labels) const {
  constexpr uint64_t kOdd = 0x9e3779b97f4a7c15;
  uint64_t hash = labels.size();
  for (size_t at = 0; at < labels.size(); at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, labels.data() + at, sizeof word);
    hash = Mix(word ^ seed_, hash ^ kOdd);
  }
  return {family, labels, static_cast<uint32_t>(hash ^ hash >> 32)};
}

std::optional<uint64_t> Newcomers::Take(const SegmentWriter& segment, const Sought& sought) {
  auto known = families_.find(sought.family);
  if (known == families_.end()) return std::nullopt;
  auto& [slots, count] = known->second;
  size_t mask = slots.size() - 1;
  for (size_t at = sought.hash & mask; slots[at].record != 0; at = (at + 1) & mask) {
    uint64_t record = NameOf(slots[at]);
    if (slots[at].hash != sought.hash || !HasLabels(segment.Body(record), sought.labels)) continue;
    Free(slots, at);
    if (--count == 0) families_.erase(known);
    return record;
  }
  return std::nullopt;
}

std::vector<uint64_t> Newcomers::TakeAll(uint32_t family) {
  std::vector<uint64_t> records;
  for (const Slot& slot : families_[family].slots)
    if (slot.record != 0) records.push_back(NameOf(slot));
  families_.erase(family);
  std::sort(records.begin(), records.end());
  return records;
}

void Newcomers::Add(const Sought& sought, uint64_t record) {
  auto& [slots, count] = families_[sought.family];
  if (slots.size() < 2 * (count + 1)) {
    std::vector<Slot> all(std::max(kFewestSlots, 2 * slots.size()));
    std::swap(all, slots);
    for (const Slot& slot : all)
      if (slot.record != 0) Enter(slots, slot);
  }
  Enter(slots, Slot{sought.hash, static_cast<uint32_t>(record / layout::kRecordAlignment) + 1});
  count++;
}

}  // namespace prom
