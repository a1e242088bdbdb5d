#include "addon/segment_handle.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "addon/argument.h"
#include "base/clock.h"
#include "files/directory.h"
#include "files/owner.h"
#include "format/names.h"
#include "group/archive_file.h"

namespace prom {

using layout::RecordType;

Napi::Function SegmentHandle::Define(Napi::Env env) {
  return DefineClass(env, "Segment",
                     {
                         InstanceMethod<&SegmentHandle::AddScope>("addScope"),
                         InstanceMethod<&SegmentHandle::AddFamily>("addFamily"),
                         InstanceMethod<&SegmentHandle::AddMember>("addMember"),
                         InstanceMethod<&SegmentHandle::AddSeries>("addSeries"),
                         InstanceMethod<&SegmentHandle::AddPage>("addPage"),
                         InstanceMethod<&SegmentHandle::AddExemplar>("addExemplar"),
                         InstanceMethod<&SegmentHandle::Remove>("remove"),
                         InstanceMethod<&SegmentHandle::Release>("release"),
                         InstanceMethod<&SegmentHandle::Rewrite>("rewrite"),
                         InstanceMethod<&SegmentHandle::Extent>("extent"),
                         InstanceMethod<&SegmentHandle::NameIsCurrent>("nameIsCurrent"),
                         InstanceMethod<&SegmentHandle::IsCompacted>("isCompacted"),
                         InstanceMethod<&SegmentHandle::Heartbeat>("heartbeat"),
                         InstanceMethod<&SegmentHandle::LimitGroup>("limitGroup"),
                         InstanceMethod<&SegmentHandle::OpenWakeup>("openWakeup"),
                         InstanceMethod<&SegmentHandle::WakeupExists>("wakeupExists"),
                         InstanceMethod<&SegmentHandle::HasCollectors>("hasCollectors"),
                         InstanceMethod<&SegmentHandle::StartCollect>("startCollect"),
                         InstanceMethod<&SegmentHandle::FinishCollect>("finishCollect"),
                         InstanceMethod<&SegmentHandle::CountDrops>("countDrops"),
                         InstanceMethod<&SegmentHandle::CountCompactionFailure>("countCompactionFailure"),
                         InstanceMethod<&SegmentHandle::Lead>("lead"),
                         InstanceMethod<&SegmentHandle::Close>("close"),
                         InstanceAccessor<&SegmentHandle::Path>("path"),
                         InstanceAccessor<&SegmentHandle::LockExcludes>("lockExcludes"),
                     });
}

SegmentHandle::SegmentHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SegmentHandle>(info) {
  OwnerIdentity owner = CurrentOwner(Argument(info[1]).Uint32());
  auto max_bytes = static_cast<uint64_t>(Argument(info[2]).Double());
  auto writer = info[0].IsString() ? SegmentWriter::Create(Argument(info[0]).String(), owner, max_bytes)
                                   : SegmentWriter::CreatePrivate(owner, max_bytes);
  if (!writer.ok()) {
    ThrowSystemError(info.Env(), writer.error());
    return;
  }
  owned_ = std::make_shared<Owned>();
  owned_->writer = std::move(writer.value());
  auto location = info[3].As<Napi::Int32Array>();
  location_ = Napi::Persistent(location.As<Napi::Object>());
  location_data_ = location.Data();
  // The lock must not outlive the environment. The mappings keep the lock until the garbage collector frees them.
  info.Env().AddCleanupHook(
      [](std::weak_ptr<Owned>* owned) {
        if (auto open = owned->lock()) open->writer->Close();
        delete owned;
      },
      new std::weak_ptr<Owned>(owned_));
}

// (id, name, flags, defaultLabels: [name, value, ...])
Napi::Value SegmentHandle::AddScope(const Napi::CallbackInfo& info) {
  ScopeRecord record;
  record.id = Argument(info[0]).Uint32();
  record.name = Argument(info[1]).String();
  record.flags = Argument(info[2]).Uint32();
  Argument labels = info[3];
  for (uint32_t i = 0; i + 1 < labels.Length(); i += 2) {
    Label& label = record.default_labels.emplace_back();
    label.name = labels.Get(i).String();
    label.kind = labels.Get(i + 1).LabelTo(label.text);
  }
  return Append(info, RecordType::kScope, Encode(record));
}

// (id, family)
Napi::Value SegmentHandle::AddFamily(const Napi::CallbackInfo& info) {
  Argument family = info[1];
  FamilyRecord record;
  record.id = Argument(info[0]).Uint32();
  std::optional type = kTypeNames.Find(family.Get("type").String());
  std::optional merge_mode = kMergeModeNames.Find(family.Get("mergeMode").String());
  if (!type || !merge_mode) return info.Env().Undefined();  // the thread is being terminated
  record.type = *type;
  record.merge_mode = *merge_mode;
  record.name = family.Get("name").String();
  record.help = family.Get("help").String();
  record.label_names = family.Get("labelNames").Strings();
  Argument bounds = family.Get("bounds");
  for (uint32_t i = 0; i < bounds.Length(); i++) record.bounds.push_back(bounds.Get(i).Double());
  record.age_buckets = family.Get("ageBuckets").Uint32();
  record.slot_ms = family.Get("slotMs").Double();
  return Append(info, RecordType::kFamily, Encode(record));
}

// (scope, family)
Napi::Value SegmentHandle::AddMember(const Napi::CallbackInfo& info) {
  MemberRecord record{Argument(info[0]).Uint32(), Argument(info[1]).Uint32()};
  return Append(info, RecordType::kMember, Encode(record));
}

// (family, cells, ...labels): index of the name and value in turn.
void SegmentHandle::AddSeries(const Napi::CallbackInfo& info) {
  constexpr size_t kFirstLabel = 2;
  series_.family = Argument(info[0]).Uint32();
  series_.cell_count = Argument(info[1]).Uint32();
  series_.created_ms = static_cast<double>(RealtimeNs()) / 1e6;
  series_.labels.resize((info.Length() - kFirstLabel) / 2);
  size_t at = kFirstLabel;
  for (SeriesLabel& label : series_.labels) {
    label.name = static_cast<uint16_t>(Argument(info[at]).Uint32());
    label.kind = Argument(info[at + 1]).LabelTo(label.text);
    at += 2;
  }
  Allocate(info, series_.cell_count, RecordType::kSeries, series_);
}

// (extent and index of the series, slot, sign, schema, generation, page)
void SegmentHandle::AddPage(const Napi::CallbackInfo& info) {
  PageRecord record;
  record.series_offset = FileOffset(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
  record.slot = static_cast<uint16_t>(Argument(info[2]).Uint32());
  record.sign = static_cast<int8_t>(Argument(info[3]).Int32());
  record.schema = static_cast<int8_t>(Argument(info[4]).Int32());
  record.generation = Argument(info[5]).Uint32();
  record.number = Argument(info[6]).Int32();
  Allocate(info, layout::kPageCells, RecordType::kPage, record);
}

// (extent and index of the series, bucket)
void SegmentHandle::AddExemplar(const Napi::CallbackInfo& info) {
  ExemplarRecord record;
  record.series_offset = FileOffset(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
  record.bucket = Argument(info[2]).Uint32();
  Allocate(info, layout::kExemplarCells, RecordType::kExemplar, record);
}

// (record)
Napi::Value SegmentHandle::Remove(const Napi::CallbackInfo& info) {
  writer().Remove(static_cast<uint64_t>(Argument(info[0]).Double()));
  return Napi::Number::New(info.Env(), static_cast<double>(writer().waste()));
}

// (record, extent, index, cells)
Napi::Value SegmentHandle::Release(const Napi::CallbackInfo& info) {
  CellRange cells{Argument(info[1]).Uint32(), Argument(info[2]).Uint32(), 0};
  cells.file_offset = FileOffset(cells.extent, cells.index);
  writer().FreeCells(cells, Argument(info[3]).Uint32());
  return Remove(info);
}

// (keepsCounts, locations: Int32Array)
void SegmentHandle::Rewrite(const Napi::CallbackInfo& info) {
  auto locations = info[1].As<Napi::Int32Array>();
  std::vector<MovedRecord> moved;
  auto next = writer().Move(Argument(info[0]).Bool(), &moved);
  if (!next.ok()) {
    ThrowSystemError(info.Env(), next.error());
    return;
  }
  owned_->writer = std::move(next.value());
  for (size_t i = 0; i + 2 < locations.ElementLength(); i += 3) {
    auto record = static_cast<uint64_t>(locations[i]);
    auto found = std::lower_bound(moved.begin(), moved.end(), record,
                                  [](const MovedRecord& a, uint64_t from) { return a.from < from; });
    if (found == moved.end() || found->from != record) {
      locations[i] = -1;
      continue;
    }
    locations[i] = static_cast<int32_t>(found->to);
    locations[i + 1] = static_cast<int32_t>(found->cells.extent);
    locations[i + 2] = static_cast<int32_t>(found->cells.index);
  }
}

// (index)
Napi::Value SegmentHandle::Extent(const Napi::CallbackInfo& info) {
  const CellExtent& extent = writer().extent(Argument(info[0]).Uint32());
  auto* keep = new std::shared_ptr<Mapping>(extent.mapping);
  return Napi::ArrayBuffer::New(
      info.Env(), extent.data, extent.length,
      [](Napi::BasicEnv, void*, std::shared_ptr<Mapping>* mapping) { delete mapping; }, keep);
}

Napi::Value SegmentHandle::NameIsCurrent(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), writer().IsThere());
}

Napi::Value SegmentHandle::IsCompacted(const Napi::CallbackInfo& info) {
  UniqueFd directory = OpenDirectory(writer().path().substr(0, writer().path().rfind('/')));
  ArchiveFile archive;
  bool compacted = directory.valid() && archive.Update(directory.get()) == SkipReason::kNone &&
                   archive.HasFolded(writer().header().segment_id);
  return Napi::Boolean::New(info.Env(), compacted);
}

void SegmentHandle::Heartbeat(const Napi::CallbackInfo&) { writer().Beat(); }

// (bytes)
void SegmentHandle::LimitGroup(const Napi::CallbackInfo& info) {
  double bytes = Argument(info[0]).Double();
  if (bytes < 9e18) writer().LimitGroup(static_cast<uint64_t>(bytes));
}

Napi::Value SegmentHandle::OpenWakeup(const Napi::CallbackInfo& info) {
  auto fd = writer().OpenBell();
  if (!fd.ok()) return ThrowSystemError(info.Env(), fd.error());
  return Napi::Number::New(info.Env(), fd.value());
}

Napi::Value SegmentHandle::WakeupExists(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), writer().BellIsThere());
}

void SegmentHandle::HasCollectors(const Napi::CallbackInfo&) { writer().HasCollectors(); }

Napi::Value SegmentHandle::StartCollect(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(writer().StartCollect()));
}

// (sequence, failures)
void SegmentHandle::FinishCollect(const Napi::CallbackInfo& info) {
  writer().FinishCollect(static_cast<uint64_t>(Argument(info[0]).Double()), Argument(info[1]).Uint32());
}

// (series, updates)
void SegmentHandle::CountDrops(const Napi::CallbackInfo& info) {
  writer().CountDrops(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
}

void SegmentHandle::CountCompactionFailure(const Napi::CallbackInfo&) { writer().CountFoldFailure(); }

Napi::Value SegmentHandle::Lead(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), writer().Lead());
}

void SegmentHandle::Close(const Napi::CallbackInfo&) { writer().Close(); }

Napi::Value SegmentHandle::Path(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), writer().path());
}

Napi::Value SegmentHandle::LockExcludes(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), writer().lock_excludes());
}

Napi::Value SegmentHandle::Append(const Napi::CallbackInfo& info, RecordType type,
                                  std::span<const uint8_t> body) {
  if (!AllWasRead(info.Env())) return info.Env().Undefined();
  auto record = writer().Append(type, body);
  if (!record.ok()) return ThrowSystemError(info.Env(), record.error());
  return Napi::Number::New(info.Env(), static_cast<double>(record.value()));
}

template <typename Record>
void SegmentHandle::Allocate(const Napi::CallbackInfo& info, uint32_t count, RecordType type,
                             Record& record) {
  if (!AllWasRead(info.Env())) return;
  auto cells = writer().AllocateCells(count);
  if (!cells.ok()) {
    ThrowSystemError(info.Env(), cells.error());
    return;
  }
  record.cells_offset = cells.value().file_offset;
  auto appended = writer().Append(type, Encode(record));
  if (!appended.ok()) {
    writer().FreeCells(cells.value(), count);
    ThrowSystemError(info.Env(), appended.error());
    return;
  }
  location_data_[0] = static_cast<int32_t>(appended.value());
  location_data_[1] = static_cast<int32_t>(cells.value().extent);
  location_data_[2] = static_cast<int32_t>(cells.value().index);
}

uint64_t SegmentHandle::FileOffset(uint32_t extent, uint32_t index) const {
  return writer().extent(extent).file_offset + uint64_t{index} * sizeof(double);
}

}  // namespace prom
