// Numbers as JavaScript's template literals spell them (ECMA-262, Number::toString), so that an exposition is
// byte-identical to prom-client's.
#pragma once

namespace prom {

// Longest result of both functions.
inline constexpr int kMaxNumberLength = 32;

// A sample's value: `Nan`, `+Inf` and `-Inf` are prom-client's spellings. Returns the end.
char* FormatSample(char* to, double value);

// A number in a label, as `le` and `quantile` have it: `NaN`, `Infinity`, `-Infinity`. Returns the end.
char* FormatJsNumber(char* to, double value);

}  // namespace prom
