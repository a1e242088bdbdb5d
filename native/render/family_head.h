// The lines in front of a family's samples.
#pragma once

#include <string>
#include <string_view>

#include "base/text_buffer.h"
#include "merge/label_text.h"

namespace prom {

// The HELP and TYPE lines, without a line feed at the end.
inline void AppendHead(TextBuffer& out, std::string_view name, std::string_view help, std::string_view type) {
  std::string escaped;
  AppendEscaped(escaped, help, false);
  out.Append("# HELP ");
  out.Append(name);
  out.Append(' ');
  out.Append(escaped);
  out.Append("\n# TYPE ");
  out.Append(name);
  out.Append(' ');
  out.Append(type);
}

}  // namespace prom
