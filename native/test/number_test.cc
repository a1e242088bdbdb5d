#include "base/number.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>

namespace prom {
namespace {

struct Golden {
  uint64_t bits;
  const char* text;
};
constexpr Golden kGolden[] = {
#include "number_golden.inc"
};

double OfBits(uint64_t bits) {
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

uint64_t BitsOf(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

std::string JsNumber(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatJsNumber(text, value));
}

std::string Sample(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatSample(text, value));
}

size_t SignificantDigits(const std::string& text) {
  std::string digits;
  for (char c : text.substr(0, text.find('e'))) {
    if (c >= '0' && c <= '9') digits += c;
  }
  digits.erase(0, digits.find_first_not_of('0'));
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits.size();
}

std::string Canonical(double value) {
  char text[kMaxNumberLength];
  return std::string(text, FormatCanonical(text, value));
}

TEST_CASE("bounds have the canonical spelling of OpenMetrics") {
  constexpr struct {
    double value;
    const char* text;
  } kBounds[] = {{0, "0.0"},           {-0.0, "0.0"},          {1, "1.0"},
                 {-2.5, "-2.5"},       {0.0001, "0.0001"},     {0.00001, "1e-05"},
                 {100000, "100000.0"}, {123456.5, "123456.5"}, {999999, "999999.0"},
                 {1e6, "1e+06"},       {-2.5e6, "-2.5e+06"},   {123456789, "1.23456789e+08"},
                 {1e-100, "1e-100"},   {1e21, "1e+21"},        {5e-324, "5e-324"},
                 {INFINITY, "+Inf"},   {-INFINITY, "-Inf"},    {NAN, "NaN"}};
  for (const auto& bound : kBounds) CHECK(Canonical(bound.value) == bound.text);
}

TEST_CASE("numbers are spelled as JavaScript spells them") {
  for (const Golden& golden : kGolden) {
    double value = OfBits(golden.bits);
    CHECK(JsNumber(value) == golden.text);
    if (std::isfinite(value)) CHECK(Sample(value) == golden.text);
  }
}

TEST_CASE("samples that are not finite are spelled as prom-client spells them") {
  CHECK(Sample(std::numeric_limits<double>::quiet_NaN()) == "Nan");
  CHECK(Sample(-std::numeric_limits<double>::quiet_NaN()) == "Nan");
  CHECK(Sample(INFINITY) == "+Inf");
  CHECK(Sample(-INFINITY) == "-Inf");
  CHECK(Sample(-0.0) == "0");
}

TEST_CASE("every double reads back from its spelling") {
  std::mt19937_64 random(20240601);
  int checked = 0;
  for (int i = 0; i < 2'000'000; i++) {
    double value = OfBits(random());
    if (!std::isfinite(value)) continue;
    char text[kMaxNumberLength + 1];
    *FormatSample(text, value) = '\0';
    if (BitsOf(std::strtod(text, nullptr)) == BitsOf(value)) {
      checked++;
    } else {
      CHECK_MESSAGE(false, text);
    }
  }
  CHECK(checked > 1'900'000);
}

TEST_CASE("values that metrics have read back from their spelling, and the longest fits") {
  std::mt19937_64 random(7);
  size_t longest = 0;
  for (int i = 0; i < 300'000; i++) {
    // Magnitudes from 1e-9 to 1e22: spellings with and without exponent, and the limits between them.
    double magnitude = std::pow(10.0, static_cast<double>(random() % 3100) / 100.0 - 9);
    double value = (random() % 2 ? 1 : -1) * magnitude * static_cast<double>(random() >> 11) * 0x1p-53;
    std::string text = Sample(value);
    longest = std::max(longest, text.size());
    if (BitsOf(std::strtod(text.c_str(), nullptr)) != BitsOf(value)) CHECK_MESSAGE(false, text);
  }
  CHECK(longest <= static_cast<size_t>(kMaxNumberLength));
  CHECK(longest >= 24);
}

TEST_CASE("no shorter spelling reads back") {
  std::mt19937_64 random(11);
  for (int i = 0; i < 50'000; i++) {
    double value = OfBits(random());
    if (!std::isfinite(value) || value == 0) continue;
    std::string text = Sample(value);
    size_t digits = SignificantDigits(text);
    if (digits < 2) continue;
    char shorter[64];
    std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits) - 2, value);
    if (std::strtod(shorter, nullptr) == value) CHECK_MESSAGE(false, text << " is longer than " << shorter);
  }
}

// With at most fifteen digits: two different ones are never the same double.
TEST_CASE("decimals keep their digits") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 200'000; i++) {
    uint64_t whole = random() % (uint64_t{1} << random() % 24);
    std::string text = std::to_string(whole) + '.';
    for (uint64_t digits = random() % 8; digits > 0; digits--) {
      text += static_cast<char>('0' + random() % 10);
    }
    text += static_cast<char>('1' + random() % 9);
    double value = std::strtod(text.c_str(), nullptr);
    if (value >= 1e-6 && Sample(value) != text) CHECK_MESSAGE(false, text << " became " << Sample(value));
    if (value >= 1e-6 && Sample(-value) != '-' + text) CHECK_MESSAGE(false, '-' << text);
  }
}

TEST_CASE("integers have no superfluous zeros") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 200'000; i++) {
    uint64_t n = i < 100'000 ? static_cast<uint64_t>(i) * 11 : random() >> (11 + random() % 53);
    if (Sample(static_cast<double>(n)) != std::to_string(n)) CHECK_MESSAGE(false, n);
  }
}

}  // namespace
}  // namespace prom
