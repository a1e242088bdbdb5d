// Writes the file of an archive: the cells, and after them the records that name them. So it takes two passes: the first one
// measures; in the second one the cells go to the file at once, and the records are kept until all cells are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "format/record.h"

namespace prom {

class ArchiveWriter {
 public:
  // Measures.
  ArchiveWriter() = default;
  // Writes from the present position of the file on. Records of so many bytes will come.
  ArchiveWriter(int fd, uint64_t records_length) : fd_(fd) { records_.reserve(records_length); }

  uint64_t cells_length() const { return cells_ * sizeof(double); }
  uint64_t records_length() const { return records_length_; }
  // Where the next cells will be in the file.
  uint64_t NextCell() const { return layout::kHeaderSize + cells_length(); }

  template <typename Record>
  void Append(layout::RecordType type, const Record& record) {
    AppendBody(type, Encode(record));
  }
  void AppendCells(std::span<const double> cells);

  // Appends bytes that are neither.
  void Write(const void* data, size_t length);
  // Writes the records. Returns the errno of the first write that failed, or 0.
  int Finish();
  // Of all bytes, after Finish().
  uint32_t crc() const { return crc_; }

 private:
  void AppendBody(layout::RecordType type, const Bytes& body);
  void Flush();

  int fd_ = -1;  // -1: measures
  Bytes waiting_;
  Bytes records_;
  uint64_t records_length_ = 0;
  uint64_t cells_ = 0;
  uint32_t crc_ = 0;
  int error_ = 0;
};

}  // namespace prom
