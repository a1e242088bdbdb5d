#include "base/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace prom {
namespace {

// 2^53: above it not every integer is a double.
constexpr double kFirstUncertain = 9007199254740992.0;

char* Copy(char* to, const char* text) {
  size_t length = std::strlen(text);
  std::memcpy(to, text, length);
  return to + length;
}

// Most numbers of an exposition are small counts.
char* FormatInteger(char* to, uint64_t n) { return std::to_chars(to, to + kMaxNumberLength, n).ptr; }

// A number with at most as many digits after the point as `scale`, a power of 1000, has zeros; else null. Two different
// decimals of fifteen digits never read back as the same double, so a decimal that reads back as `value` is the shortest.
char* FormatDecimal(char* to, double value, uint64_t scale) {
  double scaled = value * static_cast<double>(scale);
  if (!(scaled < 1e15)) return nullptr;
  auto integer = static_cast<int64_t>(scaled);
  auto exact = static_cast<double>(integer);
  if (exact != scaled || exact / static_cast<double>(scale) != value) return nullptr;
  auto whole = static_cast<uint64_t>(integer);
  to = FormatInteger(to, whole / scale);
  *to++ = '.';
  uint64_t fraction = whole % scale;
  for (uint64_t unit = scale / 10; unit > 0; unit /= 10)
    *to++ = static_cast<char>('0' + fraction / unit % 10);
  while (to[-1] == '0') to--;
  return to;
}

// A number with an exponent in JavaScript, or with zeros after its shortest digits.
char* FormatFar(char* to, double value) {
  char* end = std::to_chars(to, to + kMaxNumberLength, value, std::chars_format::scientific).ptr;
  char* exponent = std::find(to, end, 'e') + 1;  // its sign and at least two digits
  int power = 0;
  std::from_chars(exponent + 1, end, power);
  if (*exponent == '+' && power < 21) {
    char* digits = std::remove(to, exponent - 1, '.');
    end = to + power + 1;
    std::fill(digits, end, '0');
  } else if (exponent[1] == '0') {
    end = std::copy(exponent + 2, end, exponent + 1);
  }
  return end;
}

char* FormatFinite(char* to, double value) {
  if (value < 0) {
    *to++ = '-';
    value = -value;
  }
  if (value >= kFirstUncertain) return FormatFar(to, value);
  // Below 2^53 the shortest digits of an integer are all its digits; -0 is 0.
  auto integer = static_cast<int64_t>(value);  // signed: one instruction in both directions
  if (static_cast<double>(integer) == value) return FormatInteger(to, static_cast<uint64_t>(integer));
  if (value < 1e-6) return FormatFar(to, value);
  if (char* end = FormatDecimal(to, value, 1000)) return end;
  if (char* end = FormatDecimal(to, value, 1000 * 1000)) return end;
  return std::to_chars(to, to + kMaxNumberLength, value, std::chars_format::fixed).ptr;
}

}  // namespace

char* FormatSample(char* to, double value) {
  if (std::isfinite(value)) return FormatFinite(to, value);
  if (std::isnan(value)) return Copy(to, "Nan");
  return Copy(to, value > 0 ? "+Inf" : "-Inf");
}

char* FormatCanonical(char* to, double value) {
  if (std::isnan(value)) return Copy(to, "NaN");
  if (std::isinf(value)) return Copy(to, value > 0 ? "+Inf" : "-Inf");
  double size = std::fabs(value);
  if (size != 0 && (size < 1e-4 || size >= 1e6)) {
    return std::to_chars(to, to + kMaxNumberLength, value, std::chars_format::scientific).ptr;
  }
  char* end = FormatFinite(to, value);
  return std::find(to, end, '.') == end ? Copy(end, ".0") : end;
}

char* FormatJsNumber(char* to, double value) {
  if (std::isfinite(value)) return FormatFinite(to, value);
  if (std::isnan(value)) return Copy(to, "NaN");
  return Copy(to, value > 0 ? "Infinity" : "-Infinity");
}

}  // namespace prom
