// What the text of an exposition says.
#pragma once

#include <string>

namespace prom::test {

// The value that the exposition shows of a sample, or why there is none.
std::string Shown(const std::string& text, const std::string& sample);

// The same as a number; -1 when there is none.
double Number(const std::string& text, const std::string& sample);

// How many files were skipped for that reason.
std::string Skipped(const std::string& text, const std::string& reason);

}  // namespace prom::test
