#include "number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace prom {
namespace {

char* Copy(char* to, const char* text) {
  size_t length = std::strlen(text);
  std::memcpy(to, text, length);
  return to + length;
}

char* Repeat(char* to, char c, int count) {
  std::memset(to, c, static_cast<size_t>(count));
  return to + count;
}

char* CopyDigits(char* to, const char* digits, int count) {
  std::memcpy(to, digits, static_cast<size_t>(count));
  return to + count;
}

// The shortest digits that read back as `value`, and the power of ten of the first one.
int ShortestDigits(double value, char* digits, int* exponent) {
  char text[kMaxNumberLength];
  char* end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific).ptr;
  int count = 0;
  char* p = text;
  for (; *p != 'e'; p++) {
    if (*p != '.') digits[count++] = *p;
  }
  p++;
  bool negative = *p == '-';
  p++;
  int power = 0;
  std::from_chars(p, end, power);
  *exponent = negative ? -power : power;
  return count;
}

char* FormatFinite(char* to, double value) {
  if (value == 0) return Copy(to, "0");
  // Below 2^53 an integer's digits are those of the integer.
  if (std::fabs(value) < 9007199254740992.0 && value == std::trunc(value)) {
    return std::to_chars(to, to + kMaxNumberLength, static_cast<int64_t>(value)).ptr;
  }
  if (value < 0) {
    *to++ = '-';
    value = -value;
  }
  char digits[kMaxNumberLength];
  int exponent;
  int count = ShortestDigits(value, digits, &exponent);
  int point = exponent + 1;  // digits before the decimal point
  if (point > 21 || point < -5) {
    *to++ = digits[0];
    if (count > 1) {
      *to++ = '.';
      to = CopyDigits(to, digits + 1, count - 1);
    }
    *to++ = 'e';
    *to++ = exponent < 0 ? '-' : '+';
    return std::to_chars(to, to + 4, exponent < 0 ? -exponent : exponent).ptr;
  }
  if (point <= 0) {
    to = Copy(to, "0.");
    to = Repeat(to, '0', -point);
    return CopyDigits(to, digits, count);
  }
  if (count <= point) {
    to = CopyDigits(to, digits, count);
    return Repeat(to, '0', point - count);
  }
  to = CopyDigits(to, digits, point);
  *to++ = '.';
  return CopyDigits(to, digits + point, count - point);
}

}  // namespace

char* FormatSample(char* to, double value) {
  if (std::isfinite(value)) return FormatFinite(to, value);
  if (std::isnan(value)) return Copy(to, "Nan");
  return Copy(to, value > 0 ? "+Inf" : "-Inf");
}

char* FormatJsNumber(char* to, double value) {
  if (std::isfinite(value)) return FormatFinite(to, value);
  if (std::isnan(value)) return Copy(to, "NaN");
  return Copy(to, value > 0 ? "Infinity" : "-Infinity");
}

}  // namespace prom
