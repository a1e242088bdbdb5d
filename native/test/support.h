// What the native tests and the fuzzer share: a directory of their own, segments in few words, bytes that lie.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../byte_source.h"
#include "../crc32c.h"
#include "../layout.h"
#include "../owner.h"
#include "../record.h"
#include "../result.h"
#include "../segment_writer.h"
#include "../unique_fd.h"

namespace prom::test {

inline constexpr uint64_t kPlenty = 256ull * 1024 * 1024;

// A new directory in memory where there is such a place, gone with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    for (std::string parent : {"/dev/shm", "/tmp"}) {
      path_ = parent + "/prom-test.XXXXXX";
      if (::mkdtemp(path_.data()) != nullptr) return;
    }
    throw std::runtime_error("no place for a temporary directory");
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + '/' + name; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().filename());
    return names;
  }

 private:
  std::string path_;
};

inline Bytes ReadWholeFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

inline void WriteWholeFile(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline UniqueFd OpenForReading(const std::string& path) {
  return UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

template <typename T>
T Must(Result<T> result) {
  if (!result.ok()) {
    throw std::runtime_error(std::string(result.error().syscall) + ": " + std::strerror(result.error().code));
  }
  return std::move(result.value());
}

// Bytes in place of a file.
class MemorySource : public ByteSource {
 public:
  explicit MemorySource(Bytes content) : bytes(std::move(content)) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    if (offset > bytes.size() || length > bytes.size() - offset) return false;
    if (length > 0) std::memcpy(to, bytes.data() + offset, length);
    return true;
  }

  Bytes bytes;
};

// Another source, with something happening before each read: what the owner, or chance, does in the meantime.
class WatchedSource : public ByteSource {
 public:
  using Hook = std::function<void(uint64_t length, uint64_t offset)>;
  WatchedSource(const ByteSource& source, Hook before_read)
      : source_(source), before_read_(std::move(before_read)) {}

  bool Read(void* to, uint64_t length, uint64_t offset) const override {
    before_read_(length, offset);
    return source_.Read(to, length, offset);
  }

 private:
  const ByteSource& source_;
  Hook before_read_;
};

inline FamilyRecord CounterFamily(std::string name, std::vector<std::string> labels = {},
                                  layout::MergeMode mode = layout::MergeMode::kSum) {
  FamilyRecord record;
  record.type = layout::MetricType::kCounter;
  record.merge_mode = mode;
  record.help = name + " help";
  record.name = std::move(name);
  record.label_names = std::move(labels);
  return record;
}

inline FamilyRecord GaugeFamily(std::string name, layout::MergeMode mode,
                                std::vector<std::string> labels = {}) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kGauge;
  return record;
}

inline FamilyRecord HistogramFamily(std::string name, std::vector<double> bounds,
                                    std::vector<std::string> labels = {},
                                    layout::MergeMode mode = layout::MergeMode::kSum) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kHistogram;
  record.bounds = std::move(bounds);
  return record;
}

inline FamilyRecord SummaryFamily(std::string name, std::vector<double> quantiles, uint32_t age_buckets = 1,
                                  double slot_ms = INFINITY, std::vector<std::string> labels = {},
                                  layout::MergeMode mode = layout::MergeMode::kSum) {
  FamilyRecord record = CounterFamily(std::move(name), std::move(labels), mode);
  record.type = layout::MetricType::kSummary;
  record.bounds = std::move(quantiles);
  record.age_buckets = age_buckets;
  record.slot_ms = slot_ms;
  return record;
}

// The bucket of a value in exponential buckets of that schema, by definition: (g^(k-1), g^k].
inline int32_t BucketKey(double value, int schema) {
  auto key = static_cast<int32_t>(std::ceil(std::ldexp(std::log2(value), schema)));
  while (std::exp2(std::ldexp(key - 1, -schema)) >= value) key--;
  while (std::exp2(std::ldexp(key, -schema)) < value) key++;
  return key;
}

inline constexpr int kSummarySchema = 5;

// A series of a TestSegment: its cells, and how its owner counts into them.
struct TestSeries {
  uint64_t record = 0;
  uint32_t count = 0;
  CellRange range;
  double* cells = nullptr;
  std::vector<double> bounds;
  std::map<std::pair<int, int32_t>, double*> pages;  // by sign and page number

  // Into a histogram; each store is made, in this order, as JavaScript makes them.
  void Observe(double value) const {
    size_t bucket = 0;
    while (bucket < bounds.size() && value > bounds[bucket]) bucket++;
    volatile double* to = cells;
    to[layout::kHistogramHeaderCells + bucket] = to[layout::kHistogramHeaderCells + bucket] + 1;
    to[0] = to[0] + value;
    to[1] = to[1] + 1;
  }
  // Into a counter.
  void Increment() const {
    volatile double* to = cells;
    *to = *to + 1;
  }
};

// A segment whose owner speaks in few words.
class TestSegment {
 public:
  explicit TestSegment(std::unique_ptr<SegmentWriter> writer) : writer_(std::move(writer)) {}

  static TestSegment InFile(const std::string& directory, const OwnerIdentity& owner = CurrentOwner(0),
                            uint64_t max_bytes = kPlenty) {
    return TestSegment(Must(SegmentWriter::Create(directory, owner, max_bytes)));
  }
  static TestSegment InMemory(const OwnerIdentity& owner = CurrentOwner(0), uint64_t max_bytes = kPlenty) {
    return TestSegment(Must(SegmentWriter::CreatePrivate(owner, max_bytes)));
  }

  SegmentWriter& writer() { return *writer_; }
  const SegmentWriter& source() const { return *writer_; }
  std::shared_ptr<const ByteSource> shared() const { return writer_; }

  void Scope(uint32_t id, std::string name, std::vector<ScopeLabel> defaults = {}) {
    has_global_scope_ = has_global_scope_ || id == 0;
    Append(layout::RecordType::kScope, Encode(ScopeRecord{id, std::move(name), std::move(defaults)}));
  }
  uint64_t Member(uint32_t scope, uint32_t family) {
    return Append(layout::RecordType::kMember, Encode(MemberRecord{scope, family}));
  }
  // Adds a family under a new id, as a member of a scope; declares scope 0, the global one, when nobody did.
  uint32_t Family(FamilyRecord record, uint32_t scope = 0) {
    if (scope == 0 && !has_global_scope_) Scope(0, "");
    record.id = static_cast<uint32_t>(families_.size()) + 1;
    family_record_ = Append(layout::RecordType::kFamily, Encode(record));
    member_record_ = Member(scope, record.id);
    families_.push_back(std::move(record));
    return static_cast<uint32_t>(families_.size());
  }
  uint64_t last_family_record() const { return family_record_; }
  uint64_t last_member_record() const { return member_record_; }

  // Label values go with the family's label names in their order.
  TestSeries Series(uint32_t family, const std::vector<std::string>& values = {}) {
    std::vector<SeriesLabel> labels;
    for (const std::string& value : values) {
      labels.push_back({static_cast<uint16_t>(labels.size()), layout::LabelKind::kString, value});
    }
    return SeriesOf(family, labels);
  }
  TestSeries SeriesOf(uint32_t family, const std::vector<SeriesLabel>& labels) {
    const FamilyRecord& definition = families_.at(family - 1);
    SeriesRecord record;
    record.family = family;
    record.cell_count = definition.CellCount();
    record.labels = labels;
    TestSeries series;
    series.count = record.cell_count;
    series.range = Must(writer_->AllocateCells(record.cell_count));
    series.bounds = definition.bounds;
    series.cells = Data(series.range);
    record.cells_offset = series.range.file_offset;
    series.record = Append(layout::RecordType::kSeries, Encode(record));
    return series;
  }
  // Observes into the summary's slot 0 of epoch 1, with pages as they are needed.
  void ObserveSummary(TestSeries& series, double value, double epoch = 1) {
    double* slot = series.cells + layout::kSummaryHeaderCells;
    slot[0] = epoch;
    slot[6] = kSummarySchema;
    if (value == 0) {
      slot[3] += 1;
    } else {
      int sign = value > 0 ? 1 : -1;
      int32_t key = BucketKey(std::fabs(value), kSummarySchema);
      int32_t number = key >> 5;
      double*& page = series.pages[{sign, number}];
      if (page == nullptr) page = Page(series, 0, static_cast<int8_t>(sign), 0, number);
      page[key - number * 32] += 1;
    }
    slot[4] = slot[2] == 0 ? value : std::fmin(slot[4], value);
    slot[5] = slot[2] == 0 ? value : std::fmax(slot[5], value);
    slot[2] += 1;
    series.cells[1] += value;
    series.cells[0] += 1;
  }
  double* Page(const TestSeries& series, uint16_t slot, int8_t sign, uint32_t generation, int32_t number) {
    CellRange range = Must(writer_->AllocateCells(layout::kPageCells));
    PageRecord record;
    record.series_offset = series.range.file_offset;
    record.cells_offset = range.file_offset;
    record.generation = generation;
    record.number = number;
    record.slot = slot;
    record.schema = kSummarySchema;
    record.sign = sign;
    Append(layout::RecordType::kPage, Encode(record));
    return Data(range);
  }
  double* Exemplar(const TestSeries& series, uint32_t bucket) {
    CellRange range = Must(writer_->AllocateCells(layout::kExemplarCells));
    ExemplarRecord record{series.range.file_offset, range.file_offset, bucket};
    Append(layout::RecordType::kExemplar, Encode(record));
    return Data(range);
  }
  // Moves to a new file. Series are to follow.
  std::vector<MovedRecord> Move(bool keeps_counts = true) {
    std::vector<MovedRecord> moved;
    writer_ = Must(writer_->Move(keeps_counts, &moved));
    return moved;
  }
  void Follow(TestSeries& series, const std::vector<MovedRecord>& moved) {
    for (const MovedRecord& record : moved) {
      if (record.from != series.record) continue;
      series.record = record.to;
      series.range = record.cells;
      series.cells = Data(record.cells);
      return;
    }
    throw std::runtime_error("the series did not move");
  }
  void Remove(const TestSeries& series) {
    writer_->Remove(series.record);
    writer_->FreeCells(series.range, series.count);
  }

 private:
  uint64_t Append(layout::RecordType type, const Bytes& body) { return Must(writer_->Append(type, body)); }
  double* Data(const CellRange& range) { return writer_->extent(range.extent).data + range.index; }

  std::shared_ptr<SegmentWriter> writer_;
  std::vector<FamilyRecord> families_;
  bool has_global_scope_ = false;
  uint64_t family_record_ = 0;
  uint64_t member_record_ = 0;
};

inline layout::Header& HeaderOf(Bytes& bytes) { return *reinterpret_cast<layout::Header*>(bytes.data()); }

inline void RepairHeaderCrc(Bytes& bytes) {
  HeaderOf(bytes).header_crc = Crc32c(bytes.data(), offsetof(layout::Header, header_crc));
}

// A segment as bytes, put together without the writer: as small as the format allows, and free to lie.
//
//   header | one V extent | one D extent, as long as its records or as `records_room`
class SegmentImage {
 public:
  explicit SegmentImage(uint32_t cells = 64, uint64_t records_room = 0)
      : bytes_(layout::kHeaderSize + cells * sizeof(double)) {
    layout::Header& head = header();
    std::memcpy(head.magic, layout::kMagic, sizeof head.magic);
    head.endian_mark = layout::kEndianMark;
    head.major = layout::kMajor;
    head.header_size = layout::kHeaderSize;
    head.granule = layout::kGranule;
    head.segment_id[0] = 1;
    head.kind = static_cast<uint32_t>(layout::FileKind::kSegment);
    head.pid = 1000;
    head.tid = 1000;
    head.state = static_cast<uint32_t>(layout::OwnerState::kActive);
    head.extent_count = 2;
    head.extents[0] = {layout::kHeaderSize, cells * sizeof(double),
                       static_cast<uint32_t>(layout::ExtentType::kCells), 0, 0};
    head.extents[1] = {bytes_.size(), records_room, static_cast<uint32_t>(layout::ExtentType::kRecords), 0,
                       0};
    RepairHeaderCrc(bytes_);
  }

  layout::Header& header() { return HeaderOf(bytes_); }
  const Bytes& bytes() const { return bytes_; }
  Bytes& bytes() { return bytes_; }
  layout::RecordHeader& record(uint64_t offset) {
    return *reinterpret_cast<layout::RecordHeader*>(bytes_.data() + offset);
  }
  double* cells(uint64_t offset) { return reinterpret_cast<double*>(bytes_.data() + offset); }

  // Takes cells one after the other; the result is where in the file they are.
  uint64_t Cells(uint32_t count) {
    return layout::kHeaderSize + std::exchange(cells_used_, cells_used_ + count) * 8;
  }

  // The result is where in the file the record is.
  uint64_t Add(layout::RecordType type, Bytes body) {
    body.resize((body.size() + 7) / 8 * 8);
    layout::RecordHeader head{static_cast<uint32_t>(layout::kRecordHeaderSize + body.size()),
                              static_cast<uint16_t>(type), 0, 0,
                              static_cast<uint32_t>(layout::RecordState::kLive)};
    head.crc = RecordCrc(head, body.data());
    uint64_t offset = bytes_.size();
    const auto* p = reinterpret_cast<const uint8_t*>(&head);
    bytes_.insert(bytes_.end(), p, p + sizeof head);
    bytes_.insert(bytes_.end(), body.begin(), body.end());
    header().records_end += head.length;
    header().extents[1].length = std::max(header().extents[1].length, header().records_end);
    return offset;
  }
  uint64_t Scope(uint32_t id, std::string name, std::vector<ScopeLabel> defaults = {}) {
    return Add(layout::RecordType::kScope, Encode(ScopeRecord{id, std::move(name), std::move(defaults)}));
  }
  uint64_t Family(uint32_t id, FamilyRecord record, uint32_t scope = 0) {
    record.id = id;
    uint64_t offset = Add(layout::RecordType::kFamily, Encode(record));
    Add(layout::RecordType::kMember, Encode(MemberRecord{scope, id}));
    return offset;
  }
  uint64_t Series(uint32_t family, uint32_t cell_count, uint64_t cells_offset,
                  std::vector<SeriesLabel> labels = {}) {
    return Add(layout::RecordType::kSeries,
               Encode(SeriesRecord{family, cell_count, cells_offset, 0, std::move(labels)}));
  }

 private:
  Bytes bytes_;
  uint64_t cells_used_ = 0;
};

// A child process of the test that runs `body` and then waits to be killed. It has its own line to the test and back.
class Child {
 public:
  // `body` tells the parent things with `tell` and waits for it with `hear`; it must not use the test framework.
  struct Line {
    int to_parent;
    int from_parent;
    void Tell(char c) const {
      if (::write(to_parent, &c, 1) != 1) ::_exit(1);
    }
    char Hear() const {
      char c = 0;
      if (::read(from_parent, &c, 1) != 1) ::_exit(0);  // the parent is gone
      return c;
    }
  };

  explicit Child(const std::function<void(const Line&)>& body) {
    int up[2];
    int down[2];
    if (::pipe2(up, O_CLOEXEC) != 0 || ::pipe2(down, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) {
      ::close(up[0]);
      ::close(down[1]);
      Line line{up[1], down[0]};
      try {
        body(line);
      } catch (...) {
        ::_exit(2);
      }
      line.Hear();
      ::_exit(0);
    }
    ::close(up[1]);
    ::close(down[0]);
    from_ = UniqueFd(up[0]);
    to_ = UniqueFd(down[1]);
  }
  Child(Child&& other) noexcept
      : pid_(std::exchange(other.pid_, -1)), from_(std::move(other.from_)), to_(std::move(other.to_)) {}
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    Reap();
  }

  pid_t pid() const { return pid_; }
  int line() const { return from_.get(); }
  // What the child told next; 0 when it died.
  char Hear() const {
    char c = 0;
    return ::read(from_.get(), &c, 1) == 1 ? c : '\0';
  }
  void Tell(char c) const {
    if (::write(to_.get(), &c, 1) != 1) throw std::runtime_error("the child does not listen");
  }
  void Kill() const { ::kill(pid_, SIGKILL); }
  // Waits until the child is dead and leaves it as a zombie.
  void AwaitZombie() const {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
    }
  }
  // Waits until it is gone; the result is its wait status.
  int Reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  pid_t pid_ = -1;
  UniqueFd from_;
  UniqueFd to_;
};

}  // namespace prom::test
