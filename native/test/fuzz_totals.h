// The values of dead owners that a compaction must keep to the last digit.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace prom::fuzz {

class Totals {
 public:
  // Reads the archive and all segments that are not in it.
  explicit Totals(const std::string& directory);

  bool has_archive() const { return has_archive_; }
  // Whether real owners could have written the group: no duplicates, equal definitions, and all numbers add up exactly.
  bool comparable() const { return comparable_; }
  // By family and labels: the value of a counter or gauge, sum and buckets of a histogram, sum and count of a summary.
  using Samples = std::map<std::pair<std::string, std::string>, std::vector<double>>;
  const Samples& samples() const { return samples_; }

 private:
  bool has_archive_;
  bool comparable_ = true;
  Samples samples_;
};

}  // namespace prom::fuzz
