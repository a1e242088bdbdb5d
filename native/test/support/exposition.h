// Samples in the text of an exposition.
#pragma once

#include <string>

namespace prom::test {

// The value of a sample, or "absent".
std::string Shown(const std::string& text, const std::string& sample);

// The same as a number; -1 when there is none.
double Number(const std::string& text, const std::string& sample);

// The number of files that were skipped for that reason.
std::string Skipped(const std::string& text, const std::string& reason);

}  // namespace prom::test
