// Names of metrics and labels for readers that accept fewer characters
// (https://github.com/prometheus/docs/blob/main/docs/instrumenting/escaping_schemes.md; where the Go library differs, as that does).
#pragma once

#include <string>
#include <string_view>

namespace prom {

// kUnderscores is for readers that have asked for nothing.
enum class Escaping { kUnderscores, kUtf8, kDots, kValues };
enum class NameKind { kMetric, kLabel };

// Whether every reader accepts the name.
bool IsLegacyName(std::string_view name, NameKind kind);

// The name itself where the scheme allows it.
std::string EscapedName(std::string_view name, NameKind kind, Escaping escaping);

}  // namespace prom
