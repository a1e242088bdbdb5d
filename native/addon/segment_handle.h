// A segment as JavaScript has it.
#pragma once

#include <napi.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "addon/argument.h"
#include "files/directory.h"
#include "files/owner.h"
#include "format/names.h"
#include "format/record.h"
#include "group/archive_file.h"
#include "segment/newcomers.h"
#include "segment/segment_writer.h"

namespace prom {

// A segment of this thread: new SegmentHandle(directory | undefined, workerThread, maxBytes, place: Int32Array(3)).
// Calls that give out cells write [record, extent, index] into `place`: no file is long enough for numbers above 2^31.
class SegmentHandle : public Napi::ObjectWrap<SegmentHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(env, "Segment",
                       {
                           InstanceMethod<&SegmentHandle::AddScope>("addScope"),
                           InstanceMethod<&SegmentHandle::AddFamily>("addFamily"),
                           InstanceMethod<&SegmentHandle::AddMember>("addMember"),
                           InstanceMethod<&SegmentHandle::AddSeries>("addSeries"),
                           InstanceMethod<&SegmentHandle::MeetSeries>("meetSeries"),
                           InstanceMethod<&SegmentHandle::TakeNewcomers>("takeNewcomers"),
                           InstanceMethod<&SegmentHandle::ReleaseNewcomers>("releaseNewcomers"),
                           InstanceMethod<&SegmentHandle::AddPage>("addPage"),
                           InstanceMethod<&SegmentHandle::AddExemplar>("addExemplar"),
                           InstanceMethod<&SegmentHandle::Remove>("remove"),
                           InstanceMethod<&SegmentHandle::Release>("release"),
                           InstanceMethod<&SegmentHandle::Move>("move"),
                           InstanceMethod<&SegmentHandle::IsThere>("isThere"),
                           InstanceMethod<&SegmentHandle::IsFolded>("isFolded"),
                           InstanceMethod<&SegmentHandle::Extent>("extent"),
                           InstanceMethod<&SegmentHandle::Beat>("beat"),
                           InstanceMethod<&SegmentHandle::LimitGroup>("limitGroup"),
                           InstanceMethod<&SegmentHandle::OpenBell>("openBell"),
                           InstanceMethod<&SegmentHandle::BellIsThere>("bellIsThere"),
                           InstanceMethod<&SegmentHandle::HasCollectors>("hasCollectors"),
                           InstanceMethod<&SegmentHandle::StartCollect>("startCollect"),
                           InstanceMethod<&SegmentHandle::FinishCollect>("finishCollect"),
                           InstanceMethod<&SegmentHandle::CountDrops>("countDrops"),
                           InstanceMethod<&SegmentHandle::CountFoldFailure>("countFoldFailure"),
                           InstanceMethod<&SegmentHandle::Lead>("lead"),
                           InstanceMethod<&SegmentHandle::Close>("close"),
                           InstanceAccessor<&SegmentHandle::Path>("path"),
                           InstanceAccessor<&SegmentHandle::LockExcludes>("lockExcludes"),
                       });
  }

  explicit SegmentHandle(const Napi::CallbackInfo& info) : Napi::ObjectWrap<SegmentHandle>(info) {
    Napi::Env env = info.Env();
    OwnerIdentity owner = CurrentOwner(Given(info[1]).Uint32());
    auto max_bytes = static_cast<uint64_t>(Given(info[2]).Double());
    auto writer = info[0].IsString() ? SegmentWriter::Create(Given(info[0]).String(), owner, max_bytes)
                                     : SegmentWriter::CreatePrivate(owner, max_bytes);
    if (!writer.ok()) {
      ThrowSystemError(env, writer.error());
      return;
    }
    owned_ = std::make_shared<Owned>();
    owned_->writer = std::move(writer.value());
    auto place = info[3].As<Napi::Int32Array>();
    place_ = Napi::Persistent(place.As<Napi::Object>());
    place_data_ = place.Data();
    // The lock must not outlive the environment: the mappings, which keep it, go only when the garbage collector says so.
    env.AddCleanupHook(
        [](std::weak_ptr<Owned>* owned) {
          if (auto open = owned->lock()) open->writer->Close();
          delete owned;
        },
        new std::weak_ptr<Owned>(owned_));
  }

  std::shared_ptr<const ByteSource> source() const { return owned_->writer; }

 private:
  // The writer changes when the segment moves. A scrape may hold the one that there was.
  struct Owned {
    std::shared_ptr<SegmentWriter> writer;
  };

  Napi::Value AddScope(const Napi::CallbackInfo& info) {
    ScopeRecord record;
    record.id = Given(info[0]).Uint32();
    record.name = Given(info[1]).String();
    Given labels = info[2];
    for (uint32_t i = 0; i + 1 < labels.Length(); i += 2) {
      Given value = labels.Get(i + 1);
      record.default_labels.push_back({labels.Get(i).String(), KindOf(value), value.Text()});
    }
    return Append(info, layout::RecordType::kScope, Encode(record));
  }

  Napi::Value AddFamily(const Napi::CallbackInfo& info) {
    Given given = info[1];
    FamilyRecord record;
    record.id = Given(info[0]).Uint32();
    std::optional type = kTypeNames.Find(given.Get("type").String());
    std::optional merge_mode = kMergeModeNames.Find(given.Get("mergeMode").String());
    if (!type || !merge_mode) return info.Env().Undefined();  // not read
    record.type = *type;
    record.merge_mode = *merge_mode;
    record.name = given.Get("name").String();
    record.help = given.Get("help").String();
    record.label_names = given.Get("labelNames").Strings();
    Given bounds = given.Get("bounds");
    for (uint32_t i = 0; i < bounds.Length(); i++) record.bounds.push_back(bounds.Get(i).Double());
    record.age_buckets = given.Get("ageBuckets").Uint32();
    record.slot_ms = given.Get("slotMs").Double();
    return Append(info, layout::RecordType::kFamily, Encode(record));
  }

  Napi::Value AddMember(const Napi::CallbackInfo& info) {
    return Append(info, layout::RecordType::kMember,
                  Encode(MemberRecord{Given(info[0]).Uint32(), Given(info[1]).Uint32()}));
  }

  // Series: addon_segment_series.cc
  static constexpr size_t kFirstText = 3;  // argument
  static constexpr uint32_t kPlaceAndShape = 4;
  void AddSeries(const Napi::CallbackInfo& info);
  Napi::Value MeetSeries(const Napi::CallbackInfo& info);
  Napi::Value TakeNewcomers(const Napi::CallbackInfo& info);
  Napi::Value ReleaseNewcomers(const Napi::CallbackInfo& info);
  bool AddLabel(napi_env env, uint16_t name, layout::LabelKind kind, napi_value text);
  SeriesBody& BodyOfShape(double shape);
  std::optional<uint64_t> PlaceSeries(const Napi::CallbackInfo& info, SeriesBody& body);

  // (extent and index of the series, slot, sign, schema, generation, number)
  void AddPage(const Napi::CallbackInfo& info) {
    PageRecord record;
    record.series_offset = FileOffset(Given(info[0]).Uint32(), Given(info[1]).Uint32());
    record.slot = static_cast<uint16_t>(Given(info[2]).Uint32());
    record.sign = static_cast<int8_t>(Given(info[3]).Int32());
    record.schema = static_cast<int8_t>(Given(info[4]).Int32());
    record.generation = Given(info[5]).Uint32();
    record.number = Given(info[6]).Int32();
    Place(info, layout::kPageCells, layout::RecordType::kPage, [&](const CellRange& cells) {
      record.cells_offset = cells.file_offset;
      return Encode(record);
    });
  }

  // (extent and index of the series, bucket)
  void AddExemplar(const Napi::CallbackInfo& info) {
    ExemplarRecord record;
    record.series_offset = FileOffset(Given(info[0]).Uint32(), Given(info[1]).Uint32());
    record.bucket = Given(info[2]).Uint32();
    Place(info, layout::kExemplarCells, layout::RecordType::kExemplar, [&](const CellRange& cells) {
      record.cells_offset = cells.file_offset;
      return Encode(record);
    });
  }

  // These two return how many bytes a move would save, or 0 when that is less than half of the records.
  Napi::Value Remove(const Napi::CallbackInfo& info) {
    writer().Remove(static_cast<uint64_t>(Given(info[0]).Double()));
    return Waste(info);
  }
  Napi::Value Waste(const Napi::CallbackInfo& info) const {
    return Napi::Number::New(info.Env(), static_cast<double>(writer().waste()));
  }

  // (record, extent, index, count): removes the record and takes its cells back.
  Napi::Value Release(const Napi::CallbackInfo& info) {
    CellRange cells{Given(info[1]).Uint32(), Given(info[2]).Uint32(), 0};
    cells.file_offset = FileOffset(cells.extent, cells.index);
    writer().FreeCells(cells, Given(info[3]).Uint32());
    return Remove(info);
  }

  // (keepsCounts, places: Int32Array): each three numbers in `places`, of which the first is a record, become
  // [record, extent, index] as they are after the move; the first is -1 for a record that is not live.
  void Move(const Napi::CallbackInfo& info) {
    auto places = info[1].As<Napi::Int32Array>();
    std::vector<MovedRecord> moved;
    auto next = writer().Move(Given(info[0]).Bool(), &moved);
    if (!next.ok()) {
      ThrowSystemError(info.Env(), next.error());
      return;
    }
    owned_->writer = std::move(next.value());
    newcomers_.Clear();
    for (size_t i = 0; i + 2 < places.ElementLength(); i += 3) {
      auto record = static_cast<uint64_t>(places[i]);
      auto found = std::lower_bound(moved.begin(), moved.end(), record,
                                    [](const MovedRecord& a, uint64_t from) { return a.from < from; });
      if (found == moved.end() || found->from != record) {
        places[i] = -1;
        continue;
      }
      places[i] = static_cast<int32_t>(found->to);
      places[i + 1] = static_cast<int32_t>(found->cells.extent);
      places[i + 2] = static_cast<int32_t>(found->cells.index);
    }
  }

  Napi::Value Extent(const Napi::CallbackInfo& info) {
    const CellExtent& extent = writer().extent(Given(info[0]).Uint32());
    auto* keep = new std::shared_ptr<Mapping>(extent.mapping);
    return Napi::ArrayBuffer::New(
        info.Env(), extent.data, extent.length,
        [](Napi::BasicEnv, void*, std::shared_ptr<Mapping>* mapping) { delete mapping; }, keep);
  }

  void LimitGroup(const Napi::CallbackInfo& info) {
    double bytes = Given(info[0]).Double();
    if (bytes < 9e18) writer().LimitGroup(static_cast<uint64_t>(bytes));
  }
  void Beat(const Napi::CallbackInfo&) { writer().Beat(); }
  // The descriptor of the FIFO, which is the caller's from here on.
  Napi::Value OpenBell(const Napi::CallbackInfo& info) {
    auto fd = writer().OpenBell();
    if (!fd.ok()) return ThrowSystemError(info.Env(), fd.error());
    return Napi::Number::New(info.Env(), fd.value());
  }
  Napi::Value IsThere(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), writer().IsThere());
  }
  Napi::Value BellIsThere(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), writer().BellIsThere());
  }
  void HasCollectors(const Napi::CallbackInfo&) { writer().HasCollectors(); }
  Napi::Value StartCollect(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(writer().StartCollect()));
  }
  // (run, failures)
  void FinishCollect(const Napi::CallbackInfo& info) {
    writer().FinishCollect(static_cast<uint64_t>(Given(info[0]).Double()), Given(info[1]).Uint32());
  }
  // Whether this owner was taken for dead: its counts are in the archive.
  Napi::Value IsFolded(const Napi::CallbackInfo& info) {
    UniqueFd directory = OpenDirectory(writer().path().substr(0, writer().path().rfind('/')));
    ArchiveFile archive;
    bool folded = directory.valid() && archive.Update(directory.get()) == SkipReason::kNone &&
                  archive.HasFolded(writer().header().segment_id);
    return Napi::Boolean::New(info.Env(), folded);
  }
  // (series, updates)
  void CountDrops(const Napi::CallbackInfo& info) {
    writer().CountDrops(Given(info[0]).Uint32(), Given(info[1]).Uint32());
  }
  void CountFoldFailure(const Napi::CallbackInfo&) { writer().CountFoldFailure(); }
  Napi::Value Lead(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), writer().Lead()); }
  void Close(const Napi::CallbackInfo&) { writer().Close(); }
  Napi::Value Path(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), writer().path()); }
  Napi::Value LockExcludes(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), writer().lock_excludes());
  }

  uint64_t FileOffset(uint32_t extent, uint32_t index) const {
    return writer().extent(extent).file_offset + uint64_t{index} * sizeof(double);
  }

  Napi::Value Append(const Napi::CallbackInfo& info, layout::RecordType type, std::span<const uint8_t> body) {
    if (!AllWasRead(info.Env())) return info.Env().Undefined();
    auto record = writer().Append(type, body);
    if (!record.ok()) return ThrowSystemError(info.Env(), record.error());
    return Napi::Number::New(info.Env(), static_cast<double>(record.value()));
  }

  // Cells and the record that names them, and the name of that; nothing after a throw.
  template <typename EncodeWith>
  std::optional<uint64_t> Place(const Napi::CallbackInfo& info, uint32_t count, layout::RecordType type,
                                EncodeWith encode) {
    if (!AllWasRead(info.Env())) return std::nullopt;
    auto cells = writer().AllocateCells(count);
    if (!cells.ok()) {
      ThrowSystemError(info.Env(), cells.error());
      return std::nullopt;
    }
    auto record = writer().Append(type, encode(cells.value()));
    if (!record.ok()) {
      writer().FreeCells(cells.value(), count);
      ThrowSystemError(info.Env(), record.error());
      return std::nullopt;
    }
    TellPlace(record.value(), cells.value());
    return record.value();
  }

  void TellPlace(uint64_t record, const CellRange& cells) {
    place_data_[0] = static_cast<int32_t>(record);
    place_data_[1] = static_cast<int32_t>(cells.extent);
    place_data_[2] = static_cast<int32_t>(cells.index);
  }

  SegmentWriter& writer() const { return *owned_->writer; }

  std::shared_ptr<Owned> owned_;
  Napi::ObjectReference place_;
  int32_t* place_data_ = nullptr;
  SeriesBody series_body_;
  SeriesBody told_body_;
  Newcomers newcomers_;
};

}  // namespace prom
