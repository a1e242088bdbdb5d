#include "format/name_escaping.h"

#include <cstdint>
#include <cstdio>

#include "format/record.h"

namespace prom {
namespace {

// The first character of valid UTF-8, and its length in bytes.
uint32_t FirstCharacter(std::string_view text, size_t& length) {
  auto lead = static_cast<uint8_t>(text[0]);
  length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  uint32_t character = length == 1 ? lead : lead & (0x7fu >> length);
  for (size_t i = 1; i < length; i++) character = character << 6 | (static_cast<uint8_t>(text[i]) & 0x3f);
  return character;
}

bool IsPlain(char c, NameKind kind, bool first) {
  bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  return letter || (c == ':' && kind == NameKind::kMetric) || (!first && c >= '0' && c <= '9');
}

}  // namespace

bool IsLegacyName(std::string_view name, NameKind kind) {
  return kind == NameKind::kMetric ? IsMetricName(name) : IsLabelName(name);
}

std::string EscapedName(std::string_view name, NameKind kind, Escaping escaping) {
  bool legacy = IsLegacyName(name, kind);
  if (escaping == Escaping::kUtf8 || (legacy && escaping != Escaping::kDots)) return std::string(name);
  std::string escaped = escaping == Escaping::kValues ? "U__" : "";
  for (size_t at = 0, length; at < name.size(); at += length) {
    uint32_t character = FirstCharacter(name.substr(at), length);
    char c = name[at];
    bool plain = IsPlain(c, kind, at == 0 && escaping != Escaping::kValues);
    if (escaping == Escaping::kUnderscores) {
      escaped += plain ? c : '_';
    } else if (c == '_') {
      escaped += "__";
    } else if (plain) {
      escaped += c;
    } else if (escaping == Escaping::kDots) {
      escaped += c == '.' ? "_dot_" : "__";
    } else {
      char hex[16];
      std::snprintf(hex, sizeof hex, "_%x_", character);
      escaped += hex;
    }
  }
  return escaped;
}

}  // namespace prom
