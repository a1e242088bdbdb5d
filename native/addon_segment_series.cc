// The half of SegmentHandle that makes series.
#include <string_view>

#include "addon_segment.h"

namespace prom {
namespace {

enum class Meeting : uint32_t { kNone, kNew, kKnown };

Napi::Value ToJs(const Napi::CallbackInfo& info, Meeting meeting) {
  return Napi::Number::New(info.Env(), static_cast<uint32_t>(meeting));
}

// Whether texts that differ may have the same bytes: UTF-8 has U+FFFD for half a character.
bool MayHaveLostCharacters(std::span<const uint8_t> labels) {
  std::string_view bytes(reinterpret_cast<const char*>(labels.data()), labels.size());
  return bytes.find("\xEF\xBF\xBD") != std::string_view::npos;
}

}  // namespace

// (family, cells, kinds | undefined, ...texts): a text for each label name, or undefined; or of any labels, if `kinds` has
// the number of the name and the kind for each text, in turn.
void SegmentHandle::AddSeries(const Napi::CallbackInfo& info) {
  bool names_follow = info[2].IsUndefined();
  Given kinds = info[2];
  series_body_.Begin();
  for (size_t i = kFirstText; i < info.Length(); i++) {
    auto name = static_cast<uint32_t>(i - kFirstText);
    auto kind = layout::LabelKind::kString;
    if (!names_follow) {
      kind = static_cast<layout::LabelKind>(kinds.Get(2 * name + 1).Uint32());
      name = kinds.Get(2 * name).Uint32();
    }
    if (!AddLabel(info.Env(), static_cast<uint16_t>(name), kind, info[i])) {
      ThrowSystemError(info.Env(), {E2BIG, "append", owned_->writer->path()});
      return;
    }
  }
  PlaceSeries(info);
}

// (family, cells, may_be_new, ...texts): a text for each label name, or undefined. A number of Meeting.
Napi::Value SegmentHandle::MeetSeries(const Napi::CallbackInfo& info) {
  series_body_.Begin();
  for (size_t i = kFirstText; i < info.Length(); i++) {
    auto name = static_cast<uint16_t>(i - kFirstText);
    if (!AddLabel(info.Env(), name, layout::LabelKind::kString, info[i])) return ToJs(info, Meeting::kNone);
  }
  uint32_t family = Given(info[0]).Uint32();
  bool may_be_new = Given(info[2]).Bool();
  std::span<const uint8_t> labels = series_body_.Labels();
  if (!AllWasRead(info.Env()) || MayHaveLostCharacters(labels)) return ToJs(info, Meeting::kNone);
  Newcomers::Sought sought = newcomers_.Seek(family, labels);
  if (auto known = newcomers_.Take(writer(), sought)) {
    TellPlace(*known, writer().CellsAt(SeriesBody::CellsOf(writer().Body(*known)).offset));
    return ToJs(info, Meeting::kKnown);
  }
  if (!may_be_new) return ToJs(info, Meeting::kNone);
  auto record = PlaceSeries(info);
  if (!record) return info.Env().Undefined();  // not read
  newcomers_.Add(sought, *record);
  return ToJs(info, Meeting::kNew);
}

// (family, width): for each newcomer of the family [record, extent, index], then `width` texts or undefined, all in one array.
Napi::Value SegmentHandle::TakeNewcomers(const Napi::CallbackInfo& info) {
  Napi::Env env = info.Env();
  uint32_t width = Given(info[1]).Uint32();
  std::vector<uint64_t> records = newcomers_.TakeAll(Given(info[0]).Uint32());
  Napi::Array all = Napi::Array::New(env, records.size() * (3 + width));
  uint32_t at = 0;
  for (uint64_t name : records) {
    auto record = DecodeSeries(writer().Body(name));
    CellRange cells = writer().CellsAt(record->cells_offset);
    all.Set(at, Napi::Number::New(env, static_cast<double>(name)));
    all.Set(at + 1, Napi::Number::New(env, cells.extent));
    all.Set(at + 2, Napi::Number::New(env, cells.index));
    for (const SeriesLabel& label : record->labels)
      all.Set(at + 3 + label.name, Napi::String::New(env, label.text));
    at += 3 + width;
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

// The series whose labels are in series_body_; the first two arguments are family and cells.
std::optional<uint64_t> SegmentHandle::PlaceSeries(const Napi::CallbackInfo& info) {
  SeriesRecord record;
  record.family = Given(info[0]).Uint32();
  record.cell_count = Given(info[1]).Uint32();
  record.created_ms = static_cast<double>(RealtimeNs()) / 1e6;
  return Place(info, record.cell_count, layout::RecordType::kSeries, [&](const CellRange& cells) {
    record.cells_offset = cells.file_offset;
    return series_body_.Finish(record);
  });
}

}  // namespace prom
