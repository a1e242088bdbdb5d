// The half of SegmentHandle that makes series.
#include "addon/segment_handle.h"

#include <cstring>
#include <string_view>

#include "base/clock.h"
#include "segment/label_shape.h"

namespace prom {
namespace {

// Results of meetSeries() that are no shape.
constexpr int32_t kNewMeeting = -1;
constexpr int32_t kNoMeeting = -2;

// Whether texts that differ may have the same bytes: UTF-8 has U+FFFD for half a character.
bool MayHaveLostCharacters(std::span<const uint8_t> labels) {
  std::string_view bytes(reinterpret_cast<const char*>(labels.data()), labels.size());
  return bytes.find("\xEF\xBF\xBD") != std::string_view::npos;
}

}  // namespace

// (family, cells, told, ...texts): a text for each label name, or undefined, and the shape; or texts of any labels, and an array with
// the number of the name and the kind for each, in turn.
void SegmentHandle::AddSeries(const Napi::CallbackInfo& info) {
  Given told = info[2];
  bool has_shape = told.Type() == napi_number;
  series_body_.Begin();
  for (size_t i = kFirstText; i < info.Length(); i++) {
    auto name = static_cast<uint32_t>(i - kFirstText);
    auto kind = layout::LabelKind::kString;
    if (!has_shape) {
      kind = static_cast<layout::LabelKind>(told.Get(2 * name + 1).Uint32());
      name = told.Get(2 * name).Uint32();
    }
    if (!AddLabel(info.Env(), static_cast<uint16_t>(name), kind, info[i])) {
      ThrowSystemError(info.Env(), {E2BIG, "append", owned_->writer->path()});
      return;
    }
  }
  PlaceSeries(info, has_shape ? BodyOfShape(told.Double()) : series_body_);
}

// (family, cells, shape, ...texts): a text for each label name, or undefined.
Napi::Value SegmentHandle::MeetSeries(const Napi::CallbackInfo& info) {
  Napi::Value none = Napi::Number::New(info.Env(), kNoMeeting);
  series_body_.Begin();
  for (size_t i = kFirstText; i < info.Length(); i++) {
    auto name = static_cast<uint16_t>(i - kFirstText);
    if (!AddLabel(info.Env(), name, layout::LabelKind::kString, info[i])) return none;
  }
  uint32_t family = Given(info[0]).Uint32();
  double shape = Given(info[2]).Double();
  std::span<const uint8_t> labels = series_body_.Labels();
  if (!AllWasRead(info.Env()) || MayHaveLostCharacters(labels)) return none;
  Newcomers::Sought sought = newcomers_.Seek(family, labels);
  if (auto known = newcomers_.Take(writer(), sought)) {
    std::span<const uint8_t> body = writer().Body(*known);
    TellPlace(*known, writer().CellsAt(SeriesBody::CellsOf(body).offset));
    uint64_t known_shape = ShapeOf(SeriesBody::View(SeriesBody::LabelsOf(body)));
    return Napi::Number::New(info.Env(), static_cast<double>(known_shape));
  }
  if (shape < 0) return none;
  auto record = PlaceSeries(info, BodyOfShape(shape));
  if (!record) return none;  // not read
  newcomers_.Add(sought, *record);
  return Napi::Number::New(info.Env(), kNewMeeting);
}

// (family, width): for each newcomer of the family [record, extent, index, shape], then `width` texts or undefined, all in one
// array.
Napi::Value SegmentHandle::TakeNewcomers(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uint32_t width = Given(info[1]).Uint32();
  std::vector<uint64_t> records = newcomers_.TakeAll(Given(info[0]).Uint32());
  Napi::Array all = Napi::Array::New(env, records.size() * (kPlaceAndShape + width));
  uint32_t at = 0;
  for (uint64_t record : records) {
    std::span<const uint8_t> body = writer().Body(record);
    std::vector<LabelView> labels = SeriesBody::View(SeriesBody::LabelsOf(body));
    CellRange cells = writer().CellsAt(SeriesBody::CellsOf(body).offset);
    all.Set(at, Napi::Number::New(env, static_cast<double>(record)));
    all.Set(at + 1, Napi::Number::New(env, cells.extent));
    all.Set(at + 2, Napi::Number::New(env, cells.index));
    all.Set(at + 3, Napi::Number::New(env, static_cast<double>(ShapeOf(labels))));
    for (const LabelView& label : labels) {
      if (label.kind == layout::LabelKind::kUndefined) continue;
      all.Set(at + kPlaceAndShape + label.name, Napi::String::New(env, label.text.data(), label.text.size()));
    }
    at += kPlaceAndShape + width;
  }
  return all;
}

// (family): removes all newcomers of the family and takes their cells back.
Napi::Value SegmentHandle::ReleaseNewcomers(const Napi::CallbackInfo& info) {
  for (uint64_t record : newcomers_.TakeAll(Given(info[0]).Uint32())) {
    SeriesCells cells = SeriesBody::CellsOf(writer().Body(record));
    writer().FreeCells(writer().CellsAt(cells.offset), cells.count);
    writer().Remove(record);
  }
  return Waste(info);
}

// False when the text is too long for any record. What is no text is no label.
bool SegmentHandle::AddLabel(napi_env env, uint16_t name, layout::LabelKind kind, napi_value text) {
  constexpr size_t kUsualText = 256;
  constexpr size_t kLongestCharacter = 4;
  std::span<char> room = series_body_.Room(kUsualText);
  size_t length = 0;
  if (napi_get_value_string_utf8(env, text, room.data(), room.size(), &length) != napi_ok) return true;
  if (length + kLongestCharacter >= room.size()) {  // may have been cut
    napi_get_value_string_utf8(env, text, nullptr, 0, &length);
    if (length > layout::kMaxRecord) return false;
    room = series_body_.Room(length + 1);
    napi_get_value_string_utf8(env, text, room.data(), room.size(), &length);
  }
  series_body_.Add(name, kind, length);
  return true;
}

// The body that has what series_body_ has, in that shape. A negative one is for those who make none.
SeriesBody& SegmentHandle::BodyOfShape(double shape) {
  constexpr std::string_view kUndefined = "undefined";
  if (shape <= 0) return series_body_;
  told_body_.Begin();
  for (auto rest = static_cast<uint64_t>(shape); rest > 0;) {
    ToldLabel label = TakeFirst(&rest);
    std::string_view text = series_body_.TextOf(label.name).value_or(kUndefined);
    std::memcpy(told_body_.Room(text.size()).data(), text.data(), text.size());
    told_body_.Add(label.name, label.kind, text.size());
  }
  return told_body_;
}

// The series with these labels; the first two arguments are family and cells.
std::optional<uint64_t> SegmentHandle::PlaceSeries(const Napi::CallbackInfo& info, SeriesBody& body) {
  SeriesRecord record;
  record.family = Given(info[0]).Uint32();
  record.cell_count = Given(info[1]).Uint32();
  record.created_ms = static_cast<double>(RealtimeNs()) / 1e6;
  return Place(info, record.cell_count, layout::RecordType::kSeries, [&](const CellRange& cells) {
    record.cells_offset = cells.file_offset;
    return body.Finish(record);
  });
}

}  // namespace prom
