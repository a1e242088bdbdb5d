// The shape of a label set: what there is to tell of it beside its texts. A number with a digit for each label, the first one
// lowest: 1 + place of the name * kinds + kind. 0 is the plain shape: strings in the order of the names. src/model/label-shape.ts
// has the same.
#pragma once

#include <cstdint>
#include <span>

#include "format/layout.h"
#include "format/record.h"

namespace prom {

struct ToldLabel {
  uint16_t name;
  layout::LabelKind kind;
};

// Takes the first label off a shape that is not plain.
ToldLabel TakeFirst(uint64_t* shape);

// Of labels whose names and number fit into a shape, or which are plain.
uint64_t ShapeOf(std::span<const LabelView> labels);

}  // namespace prom
