// The steps of a rewrite in the writer of the new file: see rewrite.h for their order.
#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

#include "segment/segment_writer.h"

namespace prom {

using layout::ExtentType;
using layout::RecordType;

void SegmentWriter::MarkVacantExtents(SegmentWriter& former) {
  // The first is in one chunk with the header; the last takes new cells.
  for (size_t i = 1; i + 1 < former.cell_extents_.size(); i++) {
    if (former.cell_extents_[i].used == 0) former.cell_extents_[i].is_vacant = true;
  }
}

bool SegmentWriter::HasCellsOf(const SegmentWriter& former) const {
  return cell_extents_.size() == former.cell_extents_.size() && cell_extents_.back().pages.all_are_present();
}

std::optional<SystemError> SegmentWriter::PrepareCells(const SegmentWriter& former) {
  Pages& pages = cell_extents_.back().pages;
  if (!pages.all_are_present()) {
    pages.PopulateMore();
    return std::nullopt;
  }
  const CellExtent& next = former.cell_extents_[cell_extents_.size()];
  if (!next.is_vacant) return AddExtentOfLength(ExtentType::kCells, next.length);
  cell_extents_.push_back(next);
  cell_extents_.back().pages = {};
  return std::nullopt;
}

std::optional<SystemError> SegmentWriter::AppendAs(uint32_t number, RecordType type,
                                                   std::span<const uint8_t> body) {
  auto place = Write(type, body);
  if (!place.ok()) return place.error();
  if (number >= offsets_.size()) offsets_.resize(number + size_t{1}, kNoOffset);
  offsets_[number] = place.value();
  order_.push_back(number);
  return std::nullopt;
}

void SegmentWriter::CopyCells(const SegmentWriter& former) {
  for (size_t i = 0; i < cell_extents_.size(); i++) {
    const CellExtent& from = former.cell_extents_[i];
    bool is_last = i + 1 == cell_extents_.size();
    if (!from.is_vacant)
      std::memcpy(cell_extents_[i].data, from.data, is_last ? former.cells_used_ : from.length);
  }
}

std::optional<SystemError> SegmentWriter::ExchangeAddresses(SegmentWriter& former) {
  for (size_t i = 0; i < cell_extents_.size(); i++) {
    auto error = ExchangeAddresses(former, i);
    if (!error) continue;
    while (i-- > 0) ExchangeAddresses(former, i);
    return error;
  }
  std::swap(header_, former.header_);
  std::swap(record_extents_[0].data, former.record_extents_[0].data);
  return std::nullopt;
}

std::optional<SystemError> SegmentWriter::ExchangeAddresses(SegmentWriter& former, size_t extent) {
  CellExtent& own = cell_extents_[extent];
  CellExtent& other = former.cell_extents_[extent];
  if (own.is_vacant) return std::nullopt;
  auto chunk_of = [](SegmentWriter& writer, const CellExtent& of) {
    return std::find_if(writer.chunks_.begin(), writer.chunks_.end(),
                        [&](const Chunk& chunk) { return chunk.mapping == of.mapping; });
  };
  std::scoped_lock lock(chunks_mutex_, former.chunks_mutex_);
  auto own_chunk = chunk_of(*this, own);
  auto other_chunk = chunk_of(former, other);
  int error = Mapping::Exchange({*own.mapping, fd_.get(), own_chunk->offset},
                                {*other.mapping, former.fd_.get(), other_chunk->offset});
  if (error != 0) return SystemError{error, "mmap", path_};
  std::swap(own_chunk->mapping, other_chunk->mapping);
  std::swap(own.mapping, other.mapping);
  std::swap(own.data, other.data);
  std::swap(own.pages, other.pages);
  return std::nullopt;
}

void SegmentWriter::TakeFreeCells(SegmentWriter& former) {
  cells_used_ = former.cells_used_;
  free_cells_ = std::move(former.free_cells_);
  offsets_.resize(former.offsets_.size(), kNoOffset);
  free_numbers_ = std::move(former.free_numbers_);
  for (size_t i = 0; i < cell_extents_.size(); i++) {
    cell_extents_[i].used = former.cell_extents_[i].used;
    // The garbage collector frees the views of JavaScript late, and each of them would keep the deleted file.
    if (cell_extents_[i].is_vacant) cell_extents_[i].mapping->Vacate();
  }
}

}  // namespace prom
