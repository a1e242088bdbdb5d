#include "base/text_buffer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <string>

namespace prom {
namespace {

constexpr size_t kMiB = 1024 * 1024;

TEST_CASE("a text buffer grows and can be moved") {
  TextBuffer buffer;
  std::string expected;
  for (int i = 0; i < 50'000; i++) {
    buffer.AppendSample(i * 0.5);
    buffer.Append(' ');
    buffer.AppendJsNumber(i % 2 ? NAN : -1e300);
    buffer.Append("\n");
    if (i % 2 == 0) expected += std::to_string(i / 2) + " -1e+300\n";
    if (i % 2 == 1) expected += std::to_string(i / 2) + ".5 NaN\n";
  }
  CHECK((buffer.view() == expected));
  TextBuffer moved(std::move(buffer));
  CHECK((moved.view() == expected));
  CHECK(buffer.size() == 0);
}

TEST_CASE("claimed bytes without a commit are no part of the text") {
  TextBuffer buffer;
  char* to = buffer.Claim(100);
  std::memset(to, 'x', 100);
  buffer.Commit(to + 3);
  buffer.Claim(1000);
  CHECK(buffer.view() == "xxx");
}

TEST_CASE("a text buffer knows whether all of its bytes are ASCII, at any position") {
  for (size_t at = 0; at < 20; at++) {
    std::string text(20, 'x');
    text[at] = '\x80';
    TextBuffer buffer;
    buffer.Append("ascii");
    buffer.Append('x');
    buffer.AppendSample(1.5);
    CHECK(buffer.is_ascii());
    buffer.Append(text);
    CHECK_FALSE(buffer.is_ascii());
    buffer.Append("ascii");
    TextBuffer moved(std::move(buffer));
    CHECK_FALSE(moved.is_ascii());
  }
  TextBuffer buffer;
  buffer.Append('\xff');
  CHECK_FALSE(buffer.is_ascii());
  TextBuffer claimed;
  claimed.Commit(claimed.Claim(1), false);
  CHECK_FALSE(claimed.is_ascii());
}

TEST_CASE("the memory of a large text is reused, but not for a larger text") {
  TextMemory first = TakeTextMemory(4 * kMiB);
  char* data = first.data;
  GiveBackTextMemory(first);
  TextMemory larger = TakeTextMemory(first.capacity + 1);
  CHECK(larger.data != data);
  CHECK(larger.capacity > first.capacity);
  larger.data[larger.capacity - 1] = 'x';
  TextMemory again = TakeTextMemory(3 * kMiB);
  CHECK(again.data == data);
  CHECK(again.capacity == first.capacity);
  GiveBackTextMemory(again);
  GiveBackTextMemory(larger);
}

TEST_CASE("two texts at the same time have different memory") {
  TextMemory a = TakeTextMemory(kMiB);
  TextMemory b = TakeTextMemory(kMiB);
  TextMemory c = TakeTextMemory(kMiB);
  CHECK(a.data != b.data);
  CHECK(b.data != c.data);
  CHECK(a.data != c.data);
  for (TextMemory memory : {a, b, c}) GiveBackTextMemory(memory);
}

}  // namespace
}  // namespace prom
