// A label: its name, its text, and the type that its value had in JavaScript.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "format/layout.h"

namespace prom {

template <typename Name, typename Text>
struct LabelOf {
  Name name{};
  layout::LabelKind kind = layout::LabelKind::kString;
  Text text{};
};

using SeriesLabel =
    LabelOf<uint16_t, std::string>;  // the name is an index into the label names of the family
using Label = LabelOf<std::string, std::string>;
using LabelRef = LabelOf<std::string_view, std::string_view>;  // views of texts that another object owns

}  // namespace prom
