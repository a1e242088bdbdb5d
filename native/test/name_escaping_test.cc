#include "format/name_escaping.h"

#include <doctest/doctest.h>

#include <string>

namespace prom {
namespace {

std::string Metric(const char* name, Escaping escaping) {
  return EscapedName(name, NameKind::kMetric, escaping);
}

TEST_CASE("names that every reader accepts stay what they are, but for dots") {
  for (const char* name : {"a", "_a9", "http_requests_total", "a:b"}) {
    for (Escaping escaping : {Escaping::kUnderscores, Escaping::kUtf8, Escaping::kValues}) {
      CHECK(Metric(name, escaping) == name);
    }
  }
  CHECK(Metric("http_requests_total", Escaping::kDots) == "http__requests__total");
}

TEST_CASE("other names are escaped as the Go library escapes them") {
  CHECK(Metric("http.server duration", Escaping::kUnderscores) == "http_server_duration");
  CHECK(Metric("9\xc3\xa9_b", Escaping::kUnderscores) == "___b");
  CHECK(Metric("http.server_a b", Escaping::kDots) == "http_dot_server__a__b");
  CHECK(Metric("no:escape.\xc3\xa9_", Escaping::kValues) == "U__no:escape_2e__e9___");
  CHECK(Metric("\xf0\x9f\xa6\x8a", Escaping::kValues) == "U___1f98a_");
  CHECK(Metric("\xf0\x9f\xa6\x8a.", Escaping::kUtf8) == "\xf0\x9f\xa6\x8a.");
  CHECK(EscapedName("a:b", NameKind::kLabel, Escaping::kUnderscores) == "a_b");
}

}  // namespace
}  // namespace prom
