// The bytes of a segment, made without the writer: as small as possible, and with wrong contents if a test wants them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/layout.h"
#include "format/record.h"

namespace prom::test {

inline layout::Header& HeaderOf(Bytes& bytes) { return *reinterpret_cast<layout::Header*>(bytes.data()); }

void RepairHeaderCrc(Bytes& bytes);

//   header | one V extent | one D extent, as long as its records or as `records_room`
class SegmentImage {
 public:
  explicit SegmentImage(uint32_t cells = 64, uint64_t records_room = 0);

  layout::Header& header() { return HeaderOf(bytes_); }
  const Bytes& bytes() const { return bytes_; }
  Bytes& bytes() { return bytes_; }
  layout::RecordHeader& record(uint64_t offset) {
    return *reinterpret_cast<layout::RecordHeader*>(bytes_.data() + offset);
  }
  double* cells(uint64_t offset) { return reinterpret_cast<double*>(bytes_.data() + offset); }

  // Allocates cells one after the other. Returns their offset in the file.
  uint64_t Cells(uint32_t count);

  // Returns the offset of the record in the file.
  uint64_t Add(layout::RecordType type, Bytes body);
  uint64_t Scope(uint32_t id, std::string name, std::vector<Label> defaults = {});
  uint64_t Family(uint32_t id, FamilyRecord record, uint32_t scope = 0);
  uint64_t Series(uint32_t family, uint32_t cell_count, uint64_t cells_offset,
                  std::vector<SeriesLabel> labels = {});

 private:
  Bytes bytes_;
  uint64_t cells_used_ = 0;
};

}  // namespace prom::test
