// The labels of series as one renderer encodes them. A scrape encodes those that are new and copies the others, which lie side by
// side: to read them from their strings takes most of the time of a scrape.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "format/name_escaping.h"

namespace prom {

class EncodedLabels {
 public:
  void Clear() {
    entries_.clear();
    bytes_.clear();
  }

  // Forgets labels whose names are escaped otherwise.
  void Begin(Escaping escaping) {
    if (escaping != escaping_) Clear();
    escaping_ = escaping;
  }

  // `make` appends the labels of the series to a string. `version` is another one when they have changed.
  template <typename Make>
  std::string_view Of(uint32_t series, uint64_t version, Make make) {
    if (series >= entries_.size()) entries_.resize(series + 1);
    Entry& entry = entries_[series];
    if (entry.version != version) {
      size_t from = bytes_.size();
      make(bytes_);
      entry = {version, from, static_cast<uint32_t>(bytes_.size() - from)};
    }
    return std::string_view(bytes_).substr(entry.from, entry.length);
  }

 private:
  struct Entry {
    uint64_t version = UINT64_MAX;
    uint64_t from = 0;
    uint32_t length = 0;
  };

  Escaping escaping_ = Escaping::kUnderscores;
  std::vector<Entry> entries_;
  std::string bytes_;
};

}  // namespace prom
