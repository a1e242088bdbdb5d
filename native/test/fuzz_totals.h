// What a group's dead have counted, as far as a fold must keep it to the last digit.
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
  // Whether an honest group could be so: nothing is there twice, definitions agree, and all numbers add up exactly.
  bool comparable() const { return comparable_; }
  // By family and labels: a counter's or gauge's value, a histogram's sum and buckets, a summary's sum and count.
  using Samples = std::map<std::pair<std::string, std::string>, std::vector<double>>;
  const Samples& samples() const { return samples_; }

 private:
  bool has_archive_;
  bool comparable_ = true;
  Samples samples_;
};

}  // namespace prom::fuzz
