// An input of the fuzzer: two segments and an archive, and the task to do with them.
//
//   input   0        4        8       9      10     16
//           +--------+--------+-------+------+------+---------------+----------------+---------+
//           | length | length | reads | task | 0 .. | first segment | second segment | archive |
//           +--------+--------+-------+------+------+---------------+----------------+---------+
//
// The lengths are those of the segments. When `task` is even they are read without a directory; after `reads` reads the bytes
// of the first segment become those of the second, like those of an owner that goes on. When it is odd all three are files of
// a group of dead owners that is scraped, compacted and scraped again; the other bits of `task` are the limits of the archive.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "format/layout.h"
#include "format/record.h"

namespace prom::fuzz {

inline constexpr size_t kPrefix = 16;
inline constexpr size_t kParts = 3;
inline constexpr size_t kArchive = 2;
// The wall clock of all scrapes and compactions.
inline constexpr double kNowMs = 1.7e12;

struct Input {
  uint8_t reads = 0;
  uint8_t task = 0;
  Bytes parts[kParts];

  static Input Of(const uint8_t* data, size_t size) {
    Input input;
    if (size < kPrefix) return input;
    uint32_t lengths[2];
    std::memcpy(lengths, data, sizeof lengths);
    input.reads = data[8];
    input.task = data[9];
    size_t at = kPrefix;
    for (size_t i = 0; i < kParts; i++) {
      size_t length = i < std::size(lengths) ? std::min<size_t>(lengths[i], size - at) : size - at;
      input.parts[i].assign(data + at, data + at + length);
      at += length;
    }
    return input;
  }
  Bytes ToBytes() const {
    Bytes bytes(kPrefix);
    for (size_t i = 0; i < kArchive; i++) {
      auto length = static_cast<uint32_t>(parts[i].size());
      std::memcpy(bytes.data() + i * sizeof length, &length, sizeof length);
    }
    bytes[8] = reads;
    bytes[9] = task;
    for (const Bytes& part : parts) bytes.insert(bytes.end(), part.begin(), part.end());
    return bytes;
  }
  bool compacts() const { return task % 2 == 1; }
};

// Offsets of the records of a segment or archive, up to the first impossible one. `end` is the end of the last record in the
// stream.
std::vector<size_t> Records(const Bytes& part, uint64_t* end = nullptr);

inline layout::RecordHeader RecordAt(const Bytes& part, size_t at) {
  layout::RecordHeader head;
  std::memcpy(&head, part.data() + at, sizeof head);
  return head;
}

// Repairs all checksums, so that the fuzzer gets past them.
void Repair(Bytes& part);

// The archive that a compaction makes of the readable parts; empty if there is none.
Bytes ArchiveOf(const Input& input);

// Seeds for the corpus.
void WriteCorpus(const std::string& directory);

}  // namespace prom::fuzz
