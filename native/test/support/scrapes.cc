#include "scrapes.h"

#include <utility>

namespace prom::test {

Scrape Of(View view, std::optional<std::string> name, Format format) {
  Scrape scrape;
  scrape.view = std::move(view);
  if (name) scrape.names = {{std::move(*name)}};
  scrape.format = format;
  return scrape;
}

Scrape With(const TestSegment& in_memory) {
  Scrape scrape = Of(kGlobal);
  scrape.private_segments.push_back(in_memory.shared());
  return scrape;
}

std::string Rendered(Group& group, const Scrape& scrape) {
  return std::string(group.Render(scrape).value().view());
}

std::string RenderedAnew(const std::string& directory) {
  Group group(directory, CurrentOwner(0));
  return Rendered(group);
}

}  // namespace prom::test
