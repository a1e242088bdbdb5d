#include "segment/label_shape.h"

namespace prom {
namespace {

constexpr uint64_t kBase = 64;
constexpr uint64_t kKinds = 5;

}  // namespace

ToldLabel TakeFirst(uint64_t* shape) {
  uint64_t digit = *shape % kBase - 1;
  *shape /= kBase;
  return {static_cast<uint16_t>(digit / kKinds), static_cast<layout::LabelKind>(digit % kKinds)};
}

uint64_t ShapeOf(std::span<const LabelView> labels) {
  bool plain = true;
  uint64_t shape = 0;
  uint64_t unit = 1;
  int last = -1;
  for (const LabelView& label : labels) {
    plain = plain && label.kind == layout::LabelKind::kString && label.name > last;
    last = label.name;
    shape += unit * (1 + label.name * kKinds + static_cast<uint64_t>(label.kind));
    unit *= kBase;
  }
  return plain ? 0 : shape;
}

}  // namespace prom
