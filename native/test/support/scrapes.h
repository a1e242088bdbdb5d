// Scrapes of a group in few words.
#pragma once

#include <optional>
#include <string>

#include "group/group.h"
#include "test_segment.h"

namespace prom::test {

inline const View kGlobal{{""}, true};

Scrape Of(View view, std::optional<std::string> name = std::nullopt, Format format = Format::kText);

// Of the global view, by a process that counts in this segment too.
Scrape With(const TestSegment& in_memory);

std::string Rendered(Group& group, const Scrape& scrape = Of(kGlobal));

// The exposition of a new group.
std::string RenderedAnew(const std::string& directory);

}  // namespace prom::test
