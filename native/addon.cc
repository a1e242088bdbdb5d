// The addon: arguments in, values and errors out. It and what its name begins with are all that knows Node.
#include <napi.h>

#include <cstring>
#include <mutex>
#include <new>

#include "addon_group.h"
#include "addon_values.h"
#include "crc32c.h"
#include "names.h"
#include "owner.h"
#include "segment_writer.h"

namespace prom {
namespace {

// A segment of this thread: new SegmentHandle(directory | undefined, workerThread, maxBytes, place: Float64Array(3)).
// Calls that give out cells write [record, extent, index] into `place`.
class SegmentHandle : public Napi::ObjectWrap<SegmentHandle> {
 public:
  static Napi::Function Define(Napi::Env env) {
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
                           InstanceMethod<&SegmentHandle::Extent>("extent"),
                           InstanceMethod<&SegmentHandle::Beat>("beat"),
                           InstanceMethod<&SegmentHandle::OpenBell>("openBell"),
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
    writer_ = std::move(writer.value());
    auto place = info[3].As<Napi::Float64Array>();
    place_ = Napi::Persistent(place.As<Napi::Object>());
    place_data_ = place.Data();
    // The lock must not outlive the environment: the mappings, which keep it, go only when the garbage collector says so.
    env.AddCleanupHook(
        [](std::weak_ptr<SegmentWriter>* writer) {
          if (auto open = writer->lock()) open->Close();
          delete writer;
        },
        new std::weak_ptr<SegmentWriter>(writer_));
  }

  std::shared_ptr<const ByteSource> source() const { return writer_; }

 private:
  void AddScope(const Napi::CallbackInfo& info) {
    ScopeRecord record;
    record.id = Given(info[0]).Uint32();
    record.name = Given(info[1]).String();
    Given labels = info[2];
    for (uint32_t i = 0; i + 1 < labels.Length(); i += 2) {
      Given value = labels.Get(i + 1);
      record.default_labels.push_back({labels.Get(i).String(), KindOf(value), value.Text()});
    }
    Append(info, layout::RecordType::kScope, Encode(record));
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

  // (family, [index of the label's name, value, ...] in printed order, cells)
  void AddSeries(const Napi::CallbackInfo& info) {
    SeriesRecord record;
    record.family = Given(info[0]).Uint32();
    Given labels = info[1];
    for (uint32_t i = 0; i + 1 < labels.Length(); i += 2) {
      Given value = labels.Get(i + 1);
      record.labels.push_back({static_cast<uint16_t>(labels.Get(i).Uint32()), KindOf(value), value.Text()});
    }
    record.cell_count = Given(info[2]).Uint32();
    record.created_ms = static_cast<double>(RealtimeNs()) / 1e6;
    Place(info, record.cell_count, layout::RecordType::kSeries, [&](const CellRange& cells) {
      record.cells_offset = cells.file_offset;
      return Encode(record);
    });
  }

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

  void Remove(const Napi::CallbackInfo& info) {
    writer_->Remove(static_cast<uint64_t>(Given(info[0]).Double()));
  }

  // (record, extent, index, count): removes the record and takes its cells back.
  void Release(const Napi::CallbackInfo& info) {
    writer_->Remove(static_cast<uint64_t>(Given(info[0]).Double()));
    CellRange cells{Given(info[1]).Uint32(), Given(info[2]).Uint32(), 0};
    cells.file_offset = FileOffset(cells.extent, cells.index);
    writer_->FreeCells(cells, Given(info[3]).Uint32());
  }

  Napi::Value Extent(const Napi::CallbackInfo& info) {
    const CellExtent& extent = writer_->extent(Given(info[0]).Uint32());
    auto* keep = new std::shared_ptr<Mapping>(extent.mapping);
    return Napi::ArrayBuffer::New(
        info.Env(), extent.data, extent.length,
        [](Napi::BasicEnv, void*, std::shared_ptr<Mapping>* mapping) { delete mapping; }, keep);
  }

  void Beat(const Napi::CallbackInfo&) { writer_->Beat(); }
  // The descriptor of the FIFO, which is the caller's from here on.
  Napi::Value OpenBell(const Napi::CallbackInfo& info) {
    auto fd = writer_->OpenBell();
    if (!fd.ok()) return ThrowSystemError(info.Env(), fd.error());
    return Napi::Number::New(info.Env(), fd.value());
  }
  void HasCollectors(const Napi::CallbackInfo&) { writer_->HasCollectors(); }
  Napi::Value StartCollect(const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(writer_->StartCollect()));
  }
  // (run, failures)
  void FinishCollect(const Napi::CallbackInfo& info) {
    writer_->FinishCollect(static_cast<uint64_t>(Given(info[0]).Double()), Given(info[1]).Uint32());
  }
  // (series, updates)
  void CountDrops(const Napi::CallbackInfo& info) {
    writer_->CountDrops(Given(info[0]).Uint32(), Given(info[1]).Uint32());
  }
  void CountFoldFailure(const Napi::CallbackInfo&) { writer_->CountFoldFailure(); }
  Napi::Value Lead(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), writer_->Lead()); }
  void Close(const Napi::CallbackInfo&) { writer_->Close(); }
  Napi::Value Path(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), writer_->path()); }
  Napi::Value LockExcludes(const Napi::CallbackInfo& info) {
    return Napi::Boolean::New(info.Env(), writer_->lock_excludes());
  }

  uint64_t FileOffset(uint32_t extent, uint32_t index) const {
    return writer_->extent(extent).file_offset + uint64_t{index} * sizeof(double);
  }

  Napi::Value Append(const Napi::CallbackInfo& info, layout::RecordType type, const Bytes& body) {
    if (!AllWasRead(info.Env())) return info.Env().Undefined();
    auto record = writer_->Append(type, body);
    if (!record.ok()) return ThrowSystemError(info.Env(), record.error());
    return Napi::Number::New(info.Env(), static_cast<double>(record.value()));
  }

  template <typename EncodeWith>
  void Place(const Napi::CallbackInfo& info, uint32_t count, layout::RecordType type, EncodeWith encode) {
    if (!AllWasRead(info.Env())) return;
    auto cells = writer_->AllocateCells(count);
    if (!cells.ok()) {
      ThrowSystemError(info.Env(), cells.error());
      return;
    }
    auto record = writer_->Append(type, encode(cells.value()));
    if (!record.ok()) {
      writer_->FreeCells(cells.value(), count);
      ThrowSystemError(info.Env(), record.error());
      return;
    }
    place_data_[0] = static_cast<double>(record.value());
    place_data_[1] = cells.value().extent;
    place_data_[2] = cells.value().index;
  }

  std::shared_ptr<SegmentWriter> writer_;
  Napi::ObjectReference place_;
  double* place_data_ = nullptr;
};

}  // namespace

std::shared_ptr<const ByteSource> SegmentSource(const Given& segment) {
  auto* handle = segment.Unwrap<SegmentHandle>();
  return handle ? handle->source() : nullptr;
}

namespace {

// When a process started, in a form that no later process of the same pid has; '' when there is none or none that we see.
Napi::Value ProcessStart(const Napi::CallbackInfo& info) {
  ProcessStat stat = ReadProcessStat(Given(info[0]).Uint32());
  bool running = stat.readable && !stat.zombie;
  return Napi::String::New(info.Env(), running ? std::to_string(stat.start_ticks) : "");
}

// Eight digits that differ between boots, machines and pid namespaces: where a pid and its start time mean something.
Napi::Value HostId(const Napi::CallbackInfo& info) {
  OwnerIdentity self = CurrentOwner(0);
  uint8_t bytes[24];
  std::memcpy(bytes, self.boot_id, 16);
  std::memcpy(bytes + 16, &self.pid_namespace, 8);
  char text[9];
  std::snprintf(text, sizeof text, "%08x", Crc32c(bytes, sizeof bytes));
  return Napi::String::New(info.Env(), text);
}

// One string that all threads of the process share: processGroup() reads it, processGroup(text) sets it if it is unset.
// Either way the answer is what it is now, '' when unset.
Napi::Value ProcessGroup(const Napi::CallbackInfo& info) {
  static std::mutex mutex;
  static std::string group;
  std::lock_guard lock(mutex);
  if (group.empty() && info[0].IsString()) group = Given(info[0]).String();
  return Napi::String::New(info.Env(), group);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("Segment", SegmentHandle::Define(env));
  exports.Set("Group", DefineGroup(env));
  exports.Set("processStart", Napi::Function::New<ProcessStart>(env, "processStart"));
  exports.Set("hostId", Napi::Function::New<HostId>(env, "hostId"));
  exports.Set("processGroup", Napi::Function::New<ProcessGroup>(env, "processGroup"));
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)

}  // namespace
}  // namespace prom
