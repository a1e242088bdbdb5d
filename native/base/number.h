// Numbers in the spelling of JavaScript's template literals (ECMA-262, Number::toString): an exposition is byte-identical to
// that of prom-client.
#pragma once

namespace prom {

// Longest result of each function.
inline constexpr int kMaxNumberLength = 32;

// The value of a sample; prom-client writes `Nan`, `+Inf` and `-Inf`. Returns the end.
char* FormatSample(char* to, double value);

// A number in a label like `le` or `quantile`: `NaN`, `Infinity`, `-Infinity`. Returns the end.
char* FormatJsNumber(char* to, double value);

// A bound in OpenMetrics' canonical spelling, as Go has it: `0.5`, `1.0`, `1e-05`, `2.5e+06`, `+Inf`. Returns the end.
char* FormatCanonical(char* to, double value);

}  // namespace prom
