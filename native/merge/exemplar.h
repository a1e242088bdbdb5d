// Exemplars as their owners write them: the drawing in format/layout.h tells the cells.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "format/layout.h"
#include "merge/label_text.h"

namespace prom {

// An exemplar of a counter (bucket 0) or of one bucket of a histogram.
struct Exemplar {
  uint32_t bucket;
  std::array<double, layout::kExemplarSlotCells> slot;  // zeros after the text

  double value() const { return slot[0]; }
  double time() const { return slot[1]; }  // Unix time in seconds
  std::vector<Label> Labels() const;
};

// Adds the current slot of an exemplar's cells if it is newer than the known exemplar of its bucket. A slot whose text
// contradicts itself does not count.
void KeepNewest(std::vector<Exemplar>& exemplars, uint32_t bucket, const double* cells);

}  // namespace prom
