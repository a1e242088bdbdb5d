#include "group/archive_writer.h"

#include <cerrno>

#include "base/crc32c.h"
#include "files/directory.h"

namespace prom {
namespace {

// Bytes go to the file in pieces of this size.
constexpr size_t kPiece = 1024 * 1024;

}  // namespace

void ArchiveWriter::AppendBody(layout::RecordType type, const Bytes& body) {
  uint64_t length = RecordLength(body);
  if (fd_ >= 0) {
    records_.resize(records_length_ + length);
    WriteRecord(records_.data() + records_length_, type, length, body);
  }
  records_length_ += length;
}

void ArchiveWriter::AppendCells(std::span<const double> cells) {
  if (fd_ >= 0) Write(cells.data(), cells.size_bytes());
  cells_ += cells.size();
}

void ArchiveWriter::Write(const void* data, size_t length) {
  const auto* p = static_cast<const uint8_t*>(data);
  waiting_.insert(waiting_.end(), p, p + length);
  if (waiting_.size() >= kPiece) Flush();
}

int ArchiveWriter::Finish() {
  Write(records_.data(), records_.size());
  Flush();
  return error_;
}

void ArchiveWriter::Flush() {
  crc_ = Crc32c(waiting_.data(), waiting_.size(), crc_);
  if (error_ == 0 && !WriteWhole(fd_, waiting_.data(), waiting_.size())) error_ = errno;
  waiting_.clear();
}

}  // namespace prom
