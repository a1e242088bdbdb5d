// Series that JavaScript has made and has not asked for again. It does not know them itself: most of the time of a new series
// would go into remembering it, and of many labels every value comes once. They are found here by what their records say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "segment/segment_writer.h"

namespace prom {

class Newcomers {
 public:
  Newcomers();

  // Labels (SeriesBody::Labels()), strings in the order of their names, to be looked for in a family.
  struct Sought {
    uint32_t family;
    std::span<const uint8_t> labels;
    uint32_t hash;
  };
  Sought Seek(uint32_t family, std::span<const uint8_t> labels) const;

  // Takes it out of its family, if it is there. The result names its record.
  std::optional<uint64_t> Take(const SegmentWriter& segment, const Sought& sought);
  // Takes all of a family out, and names their records in the order in which they were appended.
  std::vector<uint64_t> TakeAll(uint32_t family);
  // Forgets all: their records are not where they were.
  void Clear() { families_.clear(); }
  // Adds what is not there: the record of that name has these labels, in whatever shape (label_shape.h).
  void Add(const Sought& sought, uint64_t record);

 private:
  struct Slot {
    uint32_t hash;
    uint32_t record;  // its name in units of the alignment, and 1; 0 where there is none
  };
  // Open addressing: a newcomer is in the slot that the lowest bits of its hash say, or in one of the next, with none free between.
  // At least half of the slots are free.
  struct Family {
    std::vector<Slot> slots;
    size_t count = 0;
  };

  // Nobody outside knows which labels have the same hash.
  const uint64_t seed_;
  std::unordered_map<uint32_t, Family> families_;
};

}  // namespace prom
