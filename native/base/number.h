// Numbers in the spelling of JavaScript's template literals (ECMA-262, Number::toString): an exposition is byte-identical to
// that of prom-client.
#pragma once

namespace prom {

// Longest result of both functions.
inline constexpr int kMaxNumberLength = 32;

// The value of a sample; prom-client writes `Nan`, `+Inf` and `-Inf`. Returns the end.
char* FormatSample(char* to, double value);

// A number in a label like `le` or `quantile`: `NaN`, `Infinity`, `-Infinity`. Returns the end.
char* FormatJsNumber(char* to, double value);

}  // namespace prom
