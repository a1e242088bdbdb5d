#include <algorithm>
#include <cstddef>
#include <cstring>

#include "format/record.h"

namespace prom {
namespace {

// As DecodeSeries() reads them.
#pragma pack(push, 1)
struct Head {
  uint32_t family;
  uint32_t cell_count;
  uint64_t cells_offset;
  double created_ms;
  uint32_t labels;
};
struct LabelHead {
  uint16_t name;
  layout::LabelKind kind;
  uint8_t unused;
  uint32_t text_length;
};
#pragma pack(pop)

template <typename Use>
void ForEachLabel(const uint8_t* at, uint32_t count, Use use) {
  for (; count > 0; count--) {
    LabelHead head;
    std::memcpy(&head, at, sizeof head);
    at += sizeof head;
    use(LabelView{head.name, head.kind, {reinterpret_cast<const char*>(at), head.text_length}});
    at += head.text_length;
  }
}

// So that labels have the same padding in a record as on their own.
static_assert((layout::kRecordHeaderSize + offsetof(Head, labels)) % layout::kRecordAlignment == 0);

}  // namespace

void SeriesBody::Begin() {
  length_ = sizeof(Head);
  labels_ = 0;
}

std::span<char> SeriesBody::Room(size_t least) {
  size_t from = length_ + sizeof(LabelHead);
  if (bytes_.size() < from + least) bytes_.resize(2 * (from + least));
  return {reinterpret_cast<char*>(bytes_.data()) + from, bytes_.size() - from};
}

void SeriesBody::Add(uint16_t name, layout::LabelKind kind, size_t text_length) {
  LabelHead head{name, kind, 0, static_cast<uint32_t>(text_length)};
  std::memcpy(bytes_.data() + length_, &head, sizeof head);
  length_ += sizeof head + text_length;
  labels_++;
}

std::span<const uint8_t> SeriesBody::Labels() {
  constexpr size_t kFrom = offsetof(Head, labels);
  size_t padding =
      (layout::kRecordAlignment - (length_ - kFrom) % layout::kRecordAlignment) % layout::kRecordAlignment;
  if (bytes_.size() < length_ + padding) bytes_.resize(length_ + padding);
  std::memcpy(bytes_.data() + kFrom, &labels_, sizeof labels_);
  std::fill_n(bytes_.data() + length_, padding, uint8_t{0});
  return std::span<const uint8_t>(bytes_).subspan(kFrom, length_ + padding - kFrom);
}

std::span<const uint8_t> SeriesBody::LabelsOf(std::span<const uint8_t> body) {
  return body.subspan(offsetof(Head, labels));
}

std::vector<LabelView> SeriesBody::View(std::span<const uint8_t> labels) {
  uint32_t count;
  std::memcpy(&count, labels.data(), sizeof count);
  std::vector<LabelView> views;
  views.reserve(count);
  ForEachLabel(labels.data() + sizeof count, count, [&](const LabelView& view) { views.push_back(view); });
  return views;
}

std::optional<std::string_view> SeriesBody::TextOf(uint16_t name) const {
  std::optional<std::string_view> text;
  ForEachLabel(bytes_.data() + sizeof(Head), labels_, [&](const LabelView& view) {
    if (view.name == name) text = view.text;
  });
  return text;
}

SeriesCells SeriesBody::CellsOf(std::span<const uint8_t> body) {
  Head head;
  std::memcpy(&head, body.data(), sizeof head);
  return {head.cells_offset, head.cell_count};
}

std::span<const uint8_t> SeriesBody::Finish(const SeriesRecord& record) {
  if (bytes_.size() < sizeof(Head)) bytes_.resize(sizeof(Head));
  Head head{record.family, record.cell_count, record.cells_offset, record.created_ms, labels_};
  std::memcpy(bytes_.data(), &head, sizeof head);
  return std::span<const uint8_t>(bytes_).first(length_);
}

}  // namespace prom
