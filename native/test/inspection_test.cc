// A look at a group from outside.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "group/group.h"
#include "support/exposition.h"
#include "support/files.h"
#include "support/scrapes.h"
#include "support/segment_image.h"
#include "support/test_segment.h"

namespace prom {
namespace {

using test::Shown;
using test::TemporaryDirectory;
using test::TestSegment;

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string Inspected(const std::string& directory, bool whole) {
  return std::string(InspectGroup(directory, CurrentOwner(0), whole).value().view());
}

TestSegment Counted(const std::string& directory, uint32_t pid, double count) {
  OwnerIdentity owner = CurrentOwner(0);
  owner.pid = pid;
  TestSegment segment = TestSegment::InFile(directory, owner);
  *segment.Series(segment.Family(test::CounterFamily("c"))).cells = count;
  return segment;
}

TEST_CASE("an observer makes no file, also not that of the session") {
  TemporaryDirectory directory;
  TestSegment segment = Counted(directory.path(), static_cast<uint32_t>(::getpid()), 4);
  auto before = directory.Names();
  Scrape scrape = test::Of(test::kGlobal);
  scrape.joins = false;
  Group group(directory.path(), CurrentOwner(0));
  CHECK(Shown(test::Rendered(group, scrape), "c") == "4");
  InspectGroup(directory.path(), CurrentOwner(0), true);
  auto after = directory.Names();
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  CHECK(before == after);
}

TEST_CASE("a scrape of a pid shows that process alone, and fails when it does not live") {
  TemporaryDirectory directory;
  TestSegment own = Counted(directory.path(), static_cast<uint32_t>(::getpid()), 4);
  TestSegment other = Counted(directory.path(), static_cast<uint32_t>(::getppid()), 7);
  Group group(directory.path(), CurrentOwner(0));
  Scrape scrape = test::Of(test::kGlobal);
  scrape.pid = static_cast<uint32_t>(::getpid());
  CHECK(Shown(test::Rendered(group, scrape), "c") == "4");
  scrape.pid = 0x7ffffff0;
  auto missing = group.Render(scrape);
  REQUIRE(!missing.ok());
  CHECK(missing.error().code == ESRCH);
  scrape.pid = 0;
  CHECK(Shown(test::Rendered(group, scrape), "c") == "11");
}

TEST_CASE("a view of all scopes shows the families of each scope once") {
  TemporaryDirectory directory;
  TestSegment segment = TestSegment::InFile(directory.path());
  segment.Scope(0, "");
  segment.Scope(1, "mail");
  uint32_t both = segment.Family(test::CounterFamily("both"));
  segment.Member(1, both);
  *segment.Series(both).cells = 2;
  *segment.Series(segment.Family(test::CounterFamily("mails"), 1)).cells = 3;
  View view{{}, true};
  view.chosen = Chosen::kAll;
  Group group(directory.path(), CurrentOwner(0));
  std::string text = test::Rendered(group, test::Of(view));
  CHECK(Shown(text, "both") == "2");
  CHECK(Shown(text, "mails") == "3");
  CHECK(text.find("# TYPE both") == text.rfind("# TYPE both"));
}

TEST_CASE("the facts about a file have its kind, its owner, and the place of a record that is wrong") {
  TemporaryDirectory directory;
  TestSegment segment = Counted(directory.path(), static_cast<uint32_t>(::getpid()), 4);
  Bytes valid = test::ReadWholeFile(segment.writer().path());
  Bytes bad = valid;
  bad[layout::kFirstRecordsOffset + 16]++;
  test::WriteWholeFile(directory.File("s.damaged"), bad);
  test::WriteWholeFile(directory.File("s.short"), {1, 2, 3});
  test::WriteWholeFile(directory.File("a \"note\"\n"), {1});
  test::WriteWholeFile(directory.File("archive"), {1, 2, 3});

  std::string facts = Inspected(directory.path(), true);
  CHECK(Has(facts, "\"name\":\"a \\\"note\\\"\\u000a\",\"kind\":\"foreign\""));
  CHECK(Has(facts,
            "\"name\":\"s.damaged\",\"kind\":\"segment\",\"bytes\":" + std::to_string(bad.size()) +
                ",\"reason\":\"corrupt\",\"faultOffset\":" + std::to_string(layout::kFirstRecordsOffset)));
  CHECK(Has(facts, "\"name\":\"s.short\",\"kind\":\"segment\",\"bytes\":3,\"reason\":\"truncated\""));
  CHECK(Has(facts, "\"name\":\"archive\",\"kind\":\"archive\",\"bytes\":3,\"reason\":\"truncated\""));
  CHECK(Has(facts, "\"reason\":\"none\",\"faultOffset\":0,\"families\":1,\"series\":1"));
  CHECK(Has(facts, "\"live\":true"));
  CHECK(Has(Inspected(directory.path(), false), "\"owner\":{\"pid\":" + std::to_string(::getpid())));
}

TEST_CASE("a directory without files has no facts, and one that is missing is an error") {
  TemporaryDirectory directory;
  CHECK(Inspected(directory.path(), true) == "[]");
  CHECK(!InspectGroup(directory.File("none"), CurrentOwner(0), true).ok());
}

}  // namespace
}  // namespace prom
