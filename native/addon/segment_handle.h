// The class Segment of the addon: a segment of the calling thread. src/native.ts has the contract of each method.
#pragma once

#include <napi.h>

#include <memory>
#include <optional>
#include <span>

#include "format/record.h"
#include "segment/segment_writer.h"

namespace prom {

// new Segment(directory | undefined, workerThread, maxBytes, location: Int32Array(3)).
//
// Methods that allocate cells write [record, extent, index] into `location`. No file is long enough for numbers above 2^31.
class SegmentHandle : public Napi::ObjectWrap<SegmentHandle> {
 public:
  static Napi::Function Define(Napi::Env env);

  explicit SegmentHandle(const Napi::CallbackInfo& info);

  std::shared_ptr<const ByteSource> source() const { return owned_->writer; }

 private:
  // A rewrite replaces the writer. A scrape may still hold the old one.
  struct Owned {
    std::shared_ptr<SegmentWriter> writer;
  };

  Napi::Value AddScope(const Napi::CallbackInfo& info);
  Napi::Value AddFamily(const Napi::CallbackInfo& info);
  Napi::Value AddMember(const Napi::CallbackInfo& info);
  void AddSeries(const Napi::CallbackInfo& info);
  void AddPage(const Napi::CallbackInfo& info);
  void AddExemplar(const Napi::CallbackInfo& info);
  Napi::Value Remove(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  void Rewrite(const Napi::CallbackInfo& info);
  Napi::Value Extent(const Napi::CallbackInfo& info);

  Napi::Value NameIsCurrent(const Napi::CallbackInfo& info);
  Napi::Value IsCompacted(const Napi::CallbackInfo& info);
  void Heartbeat(const Napi::CallbackInfo& info);
  void LimitGroup(const Napi::CallbackInfo& info);
  Napi::Value OpenWakeup(const Napi::CallbackInfo& info);
  Napi::Value WakeupExists(const Napi::CallbackInfo& info);
  void HasCollectors(const Napi::CallbackInfo& info);
  Napi::Value StartCollect(const Napi::CallbackInfo& info);
  void FinishCollect(const Napi::CallbackInfo& info);
  void CountDrops(const Napi::CallbackInfo& info);
  void CountCompactionFailure(const Napi::CallbackInfo& info);
  Napi::Value Lead(const Napi::CallbackInfo& info);
  void Close(const Napi::CallbackInfo& info);
  Napi::Value Path(const Napi::CallbackInfo& info);
  Napi::Value LockExcludes(const Napi::CallbackInfo& info);

  // Appends a record and returns it; undefined after a throw.
  Napi::Value Append(const Napi::CallbackInfo& info, layout::RecordType type, std::span<const uint8_t> body);
  // Allocates `count` cells, appends `record`, which gets their offset, and writes both into `location`.
  template <typename Record>
  void Allocate(const Napi::CallbackInfo& info, uint32_t count, layout::RecordType type, Record& record);
  uint64_t FileOffset(uint32_t extent, uint32_t index) const;

  SegmentWriter& writer() const { return *owned_->writer; }

  std::shared_ptr<Owned> owned_;
  Napi::ObjectReference location_;
  int32_t* location_data_ = nullptr;
  SeriesRecord series_;  // reused, with the memory of its texts
};

}  // namespace prom
