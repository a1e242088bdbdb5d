#pragma once

#include <string>
#include <vector>

namespace prom {

// Appends the names in an open directory, without `.` and `..`; `names` is empty before. False when they cannot be read.
bool ListNames(int directory, std::vector<std::string>& names);

}  // namespace prom
