// The merged families for JavaScript: JSON in which a label is [name, kind, text], and a number that JSON cannot express is
// a string.
//
//   [{"name","help","type","mode","bounds":[..],"series":[{"labels":[..],"defaults":[..],"values":[..],
//     "exemplars"?:[{"bucket","value","time","labels":[..]}]}]}]
#pragma once

#include <optional>
#include <string>

#include "base/text_buffer.h"
#include "merge/merge.h"

namespace prom {

void RenderJson(const Merge& merge, const std::optional<std::string>& name, TextBuffer& out);

}  // namespace prom
