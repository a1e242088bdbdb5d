#include <optional>
#include <utility>
#include <vector>

#include "addon/argument.h"
#include "addon/guard.h"
#include "addon/handles.h"
#include "files/directory.h"
#include "format/names.h"
#include "format/record.h"
#include "group/archive_file.h"
#include "group/wakeup.h"
#include "platform/clock.h"
#include "segment/owner_presence.h"
#include "segment/rewrite.h"

namespace prom {
namespace {

using layout::RecordType;
using Napi::CallbackInfo;

Napi::Value Number(const CallbackInfo& info, uint64_t value) {
  return Napi::Number::New(info.Env(), static_cast<double>(value));
}

Napi::Value Boolean(const CallbackInfo& info, bool value) { return Napi::Boolean::New(info.Env(), value); }

// A segment of the calling thread. src/native.ts has the contract of each method. Methods that allocate cells write
// [record, extent, index] into `location`: no file is long enough for numbers above 2^31.
class SegmentHandle : public Napi::ObjectWrap<SegmentHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Segment",
                       {
                           Method<&SegmentHandle::AddScope>("addScope"),
                           Method<&SegmentHandle::AddFamily>("addFamily"),
                           Method<&SegmentHandle::AddMember>("addMember"),
                           Method<&SegmentHandle::AddSeries>("addSeries"),
                           Method<&SegmentHandle::AddNative>("addNative"),
                           Method<&SegmentHandle::AddPage>("addPage"),
                           Method<&SegmentHandle::AddExemplar>("addExemplar"),
                           Method<&SegmentHandle::Remove>("remove"),
                           Method<&SegmentHandle::Release>("release"),
                           Method<&SegmentHandle::BeginRewrite>("beginRewrite"),
                           Method<&SegmentHandle::ContinueRewrite>("continueRewrite"),
                           Method<&SegmentHandle::Extent>("extent"),
                           Method<&SegmentHandle::LimitGroup>("limitGroup"),
                           Method<&SegmentHandle::NameIsCurrent>("nameIsCurrent"),
                           Method<&SegmentHandle::Heartbeat>("heartbeat"),
                           Method<&SegmentHandle::OpenWakeup>("openWakeup"),
                           Method<&SegmentHandle::WakeupExists>("wakeupExists"),
                           Method<&SegmentHandle::TakeRequests>("takeRequests"),
                           Method<&SegmentHandle::HasCollectors>("hasCollectors"),
                           Method<&SegmentHandle::StartCollect>("startCollect"),
                           Method<&SegmentHandle::FinishCollect>("finishCollect"),
                           Method<&SegmentHandle::CountDrops>("countDrops"),
                           Method<&SegmentHandle::CountCompactionFailure>("countCompactionFailure"),
                           Method<&SegmentHandle::LacksRoom>("lacksRoom"),
                           Method<&SegmentHandle::Lead>("lead"),
                           Method<&SegmentHandle::Resign>("resign"),
                           InstanceAccessor<&SegmentHandle::Call<&SegmentHandle::Path>>("path"),
                       });
  }

  explicit SegmentHandle(const CallbackInfo& info) : Napi::ObjectWrap<SegmentHandle>(info) {
    Guarded(info, [&] { Open(info); });
  }

  const std::shared_ptr<SegmentWriter>& segment() const { return owner_->segment(); }

 private:
  template <auto kMethod>
  Napi::Value Call(const CallbackInfo& info) {
    return Guarded(info, [&] { return (this->*kMethod)(info); });
  }
  template <auto kMethod>
  static PropertyDescriptor Method(const char* name) {
    return InstanceMethod<&SegmentHandle::Call<kMethod>>(name);
  }

  // (directory | undefined, workerThread, maxBytes, location)
  void Open(const CallbackInfo& info) {
    OwnerIdentity owner = CurrentOwner(Argument(info[1]).Uint32());
    auto max_bytes = static_cast<uint64_t>(Argument(info[2]).Double());
    auto created = OwnerPresence::Create(Argument(info[0]).String(), owner, max_bytes);
    if (!created.ok()) {
      ThrowSystemError(info.Env(), created.error());
      return;
    }
    owner_ = std::move(created.value());
    auto location = info[3].As<Napi::Int32Array>();
    location_ = Napi::Persistent(location.As<Napi::Object>());
    location_data_ = location.Data();
    // The lock must not outlive the environment. The mappings keep the lock until the garbage collector frees them.
    info.Env().AddCleanupHook(
        [](std::weak_ptr<OwnerPresence>* owner) {
          if (auto open = owner->lock()) open->Close();
          delete owner;
        },
        new std::weak_ptr<OwnerPresence>(owner_));
  }

  // (id, name, flags, defaultLabels: [name, value, ...])
  Napi::Value AddScope(const CallbackInfo& info) {
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
    return Append(info, RecordType::kScope, record);
  }

  Napi::Value AddFamily(const CallbackInfo& info) {
    Argument family = info[1];
    FamilyRecord record;
    record.id = Argument(info[0]).Uint32();
    std::optional type = kTypeNames.Find(family.Get("type").String());
    std::optional merge_mode = kMergeModeNames.Find(family.Get("mergeMode").String());
    if (!type || !merge_mode) return info.Env().Undefined();  // the thread is being terminated
    record.type = *type;
    record.merge_mode = *merge_mode;
    record.name = family.Get("name").String();
    record.help = family.Get("help").String(layout::kMaxHelp);
    if (Argument unit = family.Get("unit"); unit.Type() == napi_string) record.unit = unit.String();
    record.label_names = family.Get("labelNames").Strings();
    Argument bounds = family.Get("bounds");
    for (uint32_t i = 0; i < bounds.Length(); i++) record.bounds.push_back(bounds.Get(i).Double());
    record.age_buckets = family.Get("ageBuckets").Uint32();
    record.slot_ms = family.Get("slotMs").Double();
    return Append(info, RecordType::kFamily, record);
  }

  Napi::Value AddMember(const CallbackInfo& info) {
    return Append(info, RecordType::kMember,
                  MemberRecord{Argument(info[0]).Uint32(), Argument(info[1]).Uint32()});
  }

  // (family, cells, ...labels): index of the name and value in turn.
  void AddSeries(const CallbackInfo& info) {
    series_.family = Argument(info[0]).Uint32();
    series_.cell_count = Argument(info[1]).Uint32();
    series_.created_ms = static_cast<double>(RealtimeNs()) / 1e6;
    series_.labels.resize((info.Length() - 2) / 2);
    size_t at = 2;
    for (SeriesLabel& label : series_.labels) {
      label.name = static_cast<uint16_t>(Argument(info[at]).Uint32());
      label.kind = Argument(info[at + 1]).LabelTo(label.text);
      at += 2;
    }
    Allocate(info, series_.cell_count, RecordType::kSeries, series_);
  }

  // (extent and index of the series, zeroThreshold)
  void AddNative(const CallbackInfo& info) {
    NativeRecord record;
    record.series_offset = FileOffset(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
    record.zero_threshold = Argument(info[2]).Double();
    Allocate(info, layout::kNativeCells, RecordType::kNative, record);
  }

  // (extent and index of the series, slot, sign, schema, generation, page)
  void AddPage(const CallbackInfo& info) {
    PageRecord record;
    record.series_offset = FileOffset(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
    record.slot = static_cast<uint16_t>(Argument(info[2]).Uint32());
    record.sign = static_cast<int8_t>(Argument(info[3]).Int32());
    record.schema = static_cast<int8_t>(Argument(info[4]).Int32());
    record.generation = Argument(info[5]).Uint32();
    record.number = Argument(info[6]).Int32();
    Allocate(info, layout::kPageCells,
             record.slot == layout::kNativeSlot ? RecordType::kNativePage : RecordType::kPage, record);
  }

  // (extent and index of the series, bucket)
  void AddExemplar(const CallbackInfo& info) {
    ExemplarRecord record;
    record.series_offset = FileOffset(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
    record.bucket = Argument(info[2]).Uint32();
    Allocate(info, layout::kExemplarCells, RecordType::kExemplar, record);
  }

  Napi::Value Remove(const CallbackInfo& info) {
    uint32_t record = Argument(info[0]).Uint32();
    segment()->Remove(record);
    if (rewrite_) rewrite_->Remove(record);
    return Number(info, segment()->garbage_bytes());
  }

  // (record, extent, index, cells)
  Napi::Value Release(const CallbackInfo& info) {
    CellRange cells{Argument(info[1]).Uint32(), Argument(info[2]).Uint32(), 0};
    Napi::Value garbage = Remove(info);
    segment()->FreeCells(cells, Argument(info[3]).Uint32());
    return garbage;
  }

  // (directory)
  void BeginRewrite(const CallbackInfo& info) {
    rewrite_.reset();
    auto rewrite = Rewrite::Begin(*segment(), Argument(info[0]).String());
    if (rewrite.ok()) {
      rewrite_ = std::move(rewrite.value());
    } else {
      ThrowSystemError(info.Env(), rewrite.error());
    }
  }

  // (records) -> 'unfinished', 'finished', or 'emptied': finished, and all counts begin at zero
  Napi::Value ContinueRewrite(const CallbackInfo& info) {
    auto state = [&](const char* name) { return Napi::String::New(info.Env(), name); };
    if (!rewrite_) return state("finished");
    auto copied = rewrite_->Copy(Argument(info[0]).Uint32());
    if (copied.ok() && !copied.value()) return state("unfinished");
    std::optional<SystemError> error;
    bool keeps_counts = true;
    if (copied.ok()) {
      // The archive has the counts if another owner took this one for dead.
      keeps_counts = owner_->NameIsCurrent() || !IsCompacted();
      error = owner_->Replace(rewrite_->Finish(keeps_counts));
    } else {
      error = copied.error();
    }
    rewrite_.reset();
    if (error) return ThrowSystemError(info.Env(), *error);
    return state(keeps_counts ? "finished" : "emptied");
  }

  Napi::Value Extent(const CallbackInfo& info) {
    const CellExtent& extent = segment()->extent(Argument(info[0]).Uint32());
    auto* keep = new std::shared_ptr<Mapping>(extent.mapping);
    return Napi::ArrayBuffer::New(
        info.Env(), extent.data, extent.length,
        [](Napi::BasicEnv, void*, std::shared_ptr<Mapping>* mapping) { delete mapping; }, keep);
  }

  void LimitGroup(const CallbackInfo& info) {
    double bytes = Argument(info[0]).Double();
    if (bytes < 9e18) segment()->LimitGroup(static_cast<uint64_t>(bytes));
  }

  Napi::Value OpenWakeup(const CallbackInfo& info) {
    auto fd = owner_->OpenWakeup();
    if (!fd.ok()) return ThrowSystemError(info.Env(), fd.error());
    return Napi::Number::New(info.Env(), fd.value());
  }

  Napi::Value TakeRequests(const CallbackInfo& info) {
    napi_env env = info.Env();
    std::vector<std::string> texts = prom::TakeRequests(segment()->path());
    napi_value result = nullptr;
    bool made = napi_create_array_with_length(env, texts.size(), &result) == napi_ok;
    for (uint32_t i = 0; made && i < texts.size(); i++) {
      napi_value text;
      made = napi_create_string_utf8(env, texts[i].data(), texts[i].size(), &text) == napi_ok &&
             napi_set_element(env, result, i, text) == napi_ok;
    }
    return made ? Napi::Value(env, result) : info.Env().Undefined();
  }

  Napi::Value NameIsCurrent(const CallbackInfo& info) { return Boolean(info, owner_->NameIsCurrent()); }
  Napi::Value WakeupExists(const CallbackInfo& info) { return Boolean(info, owner_->WakeupExists()); }
  Napi::Value Lead(const CallbackInfo& info) {
    return Boolean(info, owner_->Lead(Argument(info[0]).String()));
  }
  void Resign(const CallbackInfo& info) { owner_->Resign(Argument(info[0]).String()); }
  Napi::Value Path(const CallbackInfo& info) { return Napi::String::New(info.Env(), segment()->path()); }
  Napi::Value StartCollect(const CallbackInfo& info) { return Number(info, owner_->StartCollect()); }
  void FinishCollect(const CallbackInfo& info) {
    owner_->FinishCollect(static_cast<uint64_t>(Argument(info[0]).Double()), Argument(info[1]).Uint32());
  }
  void CountDrops(const CallbackInfo& info) {
    owner_->CountDrops(Argument(info[0]).Uint32(), Argument(info[1]).Uint32());
  }
  void CountCompactionFailure(const CallbackInfo&) { owner_->CountCompactionFailure(); }
  void LacksRoom(const CallbackInfo& info) { owner_->LacksRoom(Argument(info[0]).Bool()); }
  void Heartbeat(const CallbackInfo&) { owner_->Heartbeat(); }
  void HasCollectors(const CallbackInfo&) { owner_->HasCollectors(); }

  // Returns the record; undefined after a throw.
  template <typename Record>
  Napi::Value Append(const CallbackInfo& info, RecordType type, const Record& record) {
    if (!AllWasRead(info.Env())) return info.Env().Undefined();
    Bytes body = Encode(record);
    // Every reader would leave out the record, and the series of its family.
    if (!Decode<Record>(body)) {
      return ThrowSystemError(info.Env(), SystemError{EINVAL, "append", segment()->path()});
    }
    auto appended = segment()->Append(type, body);
    if (!appended.ok()) return ThrowSystemError(info.Env(), appended.error());
    return Number(info, appended.value());
  }

  // Allocates cells and appends their record.
  template <typename Record>
  void Allocate(const CallbackInfo& info, uint32_t count, RecordType type, Record& record) {
    if (!AllWasRead(info.Env())) return;
    auto cells = segment()->AllocateCells(count);
    if (!cells.ok()) {
      ThrowSystemError(info.Env(), cells.error());
      return;
    }
    record.cells_offset = cells.value().file_offset;
    auto appended = segment()->Append(type, Encode(record));
    if (!appended.ok()) {
      segment()->FreeCells(cells.value(), count);
      ThrowSystemError(info.Env(), appended.error());
      return;
    }
    SetLocation(location_data_, appended.value(), cells.value());
  }

  bool IsCompacted() const {
    UniqueFd directory = OpenDirectory(segment()->directory());
    ArchiveFile archive;
    return directory.valid() && archive.Update(directory.get()) == SkipReason::kNone &&
           archive.HasCompacted(segment()->header());
  }

  static void SetLocation(int32_t* location, uint32_t record, const CellRange& cells) {
    location[0] = static_cast<int32_t>(record);
    location[1] = static_cast<int32_t>(cells.extent);
    location[2] = static_cast<int32_t>(cells.index);
  }

  uint64_t FileOffset(uint32_t extent, uint32_t index) const {
    return segment()->FileOffset({extent, index, 0});
  }

  std::shared_ptr<OwnerPresence> owner_;
  std::unique_ptr<Rewrite> rewrite_;  // while one is under way
  Napi::ObjectReference location_;
  int32_t* location_data_ = nullptr;
  SeriesRecord series_;  // reused, with the memory of its texts
};

}  // namespace

Napi::Function DefineSegment(Napi::Env env) { return SegmentHandle::Define(env); }

std::shared_ptr<const ByteSource> BytesOfSegment(napi_env env, napi_value segment) {
  void* handle = nullptr;
  if (napi_unwrap(env, segment, &handle) != napi_ok) return nullptr;
  return static_cast<SegmentHandle*>(handle)->segment();
}

}  // namespace prom
