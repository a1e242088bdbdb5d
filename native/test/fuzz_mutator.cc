// Changes of inputs after which they are still nearly segments or archives.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <random>
#include <utility>

#include "fuzz_input.h"
#include "support/segment_image.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace prom::fuzz {
namespace {

using layout::Extent;
using layout::ExtentType;
using layout::Header;
using layout::MergeMode;
using layout::RecordHeader;
using layout::RecordType;

class Mutator {
 public:
  explicit Mutator(unsigned seed) : random_(seed) {}

  void Mutate(Input& input, size_t max_size) {
    Bytes& part = input.parts[Pick(kParts)];
    size_t room = max_size - std::min(max_size, input.ToBytes().size());
    switch (Pick(16)) {
      case 0:
        Bite(part, 0, part.size());
        break;
      case 1:
        Bite(part, 256, 64);  // what the owner publishes
        break;
      case 2:
        Bite(part, offsetof(Header, extents) + Pick(3) * sizeof(Extent), sizeof(Extent));
        break;
      case 3:
        input.reads = static_cast<uint8_t>(Pick(24));
        if (Pick(2) == 0) input.task = static_cast<uint8_t>(Pick(16));
        break;
      case 4:
        PutNumber(part);
        break;
      case 5:
        FlipState(part);
        break;
      case 6:
        AppendCopy(part, room);
        break;
      case 7:
        Grow(input, room);
        break;
      case 8:
        ChangeRecord(part);
        break;
      case 9:
        ChangeFamily(part);
        break;
      case 10:
        Compact(input, room);
        break;
      case 11:
        Bite(part, offsetof(Header, archive_generation), 24);
        break;
      default:
        BiteRecord(part);
    }
    if (Pick(16) != 0) {
      for (Bytes& each : input.parts) Repair(each);
    }
  }

 private:
  size_t Pick(size_t below) { return below == 0 ? 0 : random_() % below; }

  // Lets libFuzzer change a part, at the same length.
  void Bite(Bytes& segment, size_t at, size_t length) {
    if (at >= segment.size() || length == 0) return;
    length = std::min(length, segment.size() - at);
    Bytes part(segment.begin() + static_cast<ptrdiff_t>(at),
               segment.begin() + static_cast<ptrdiff_t>(at + length));
    size_t left = LLVMFuzzerMutate(part.data(), length, length);
    std::copy_n(part.begin(), left, segment.begin() + static_cast<ptrdiff_t>(at));
  }
  void BiteRecord(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (Pick(8) == 0) {
      Bite(segment, at, sizeof head);
    } else {
      Bite(segment, at + sizeof head, head.length - sizeof head);
    }
  }
  // A record gets another type, or flags.
  void ChangeRecord(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (Pick(4) != 0) {
      head.type = static_cast<uint16_t>(Pick(static_cast<size_t>(RecordType::kNativePage) + 2));
    } else {
      head.flags = static_cast<uint16_t>(1u << Pick(16));
    }
    std::memcpy(segment.data() + at, &head, sizeof head);
  }
  // A family gets another metric type or merge mode, for which its series have too few cells, or others.
  void ChangeFamily(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    std::erase_if(records, [&](size_t at) {
      RecordHeader head = RecordAt(segment, at);
      return head.type != static_cast<uint16_t>(RecordType::kFamily) ||
             head.length < sizeof head + sizeof(uint32_t) + 2;
    });
    if (records.empty()) return;
    size_t at = records[Pick(records.size())] + sizeof(RecordHeader) + sizeof(uint32_t);
    if (Pick(2) == 0) {
      segment[at] = static_cast<uint8_t>(Pick(static_cast<size_t>(layout::MetricType::kSummary) + 2));
    } else {
      segment[at + 1] = static_cast<uint8_t>(Pick(static_cast<size_t>(MergeMode::kOmit) + 2));
    }
  }
  // A special double in a cell or in a record.
  void PutNumber(Bytes& segment) {
    const double numbers[] = {0,      -0.0,  NAN,    INFINITY, -INFINITY, 1,      -1,     3,      0.5,
                              5e-324, 1e308, -1e308, 1e21,     0x1p53,    0x1p31, 0x1p32, 1.7e12, 1.7e9};
    if (segment.size() < layout::kHeaderSize + 8) return;
    size_t cell = layout::kHeaderSize / 8 + Pick(segment.size() / 8 - layout::kHeaderSize / 8);
    double number = numbers[Pick(std::size(numbers))];
    std::memcpy(segment.data() + cell * 8, &number, sizeof number);
  }
  void FlipState(Bytes& segment) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    head.state ^= 3;
    std::memcpy(segment.data() + at, &head, sizeof head);
    CountRemoval(segment);
  }
  void CountRemoval(Bytes& segment) {
    if (Pick(4) != 0) segment[offsetof(Header, removals)]++;
  }
  // If the records are the last bytes of the segment and have room, as in the seeds.
  void AppendCopy(Bytes& segment, size_t room) {
    std::vector<size_t> records = Records(segment);
    if (records.empty()) return;
    size_t at = records[Pick(records.size())];
    RecordHeader head = RecordAt(segment, at);
    if (head.length > room) return;
    Bytes copy(segment.begin() + static_cast<ptrdiff_t>(at),
               segment.begin() + static_cast<ptrdiff_t>(at + head.length));
    Header header;
    std::memcpy(&header, segment.data(), sizeof header);
    for (Extent& extent : header.extents) {
      if (extent.type != static_cast<uint32_t>(ExtentType::kRecords)) continue;
      bool room_there = extent.offset + header.records_end == segment.size() &&
                        header.records_end + copy.size() <= extent.length;
      if (!room_there) return;
      header.records_end += copy.size();
      std::memcpy(segment.data(), &header, sizeof header);
      segment.insert(segment.end(), copy.begin(), copy.end());
      return;
    }
  }
  // The second segment becomes a later state of the first, or the other way round.
  void Grow(Input& input, size_t room) {
    size_t from = Pick(2);
    if (input.parts[from].size() > input.parts[1 - from].size() + room) return;
    input.parts[1 - from] = input.parts[from];
    AppendCopy(input.parts[1], room);
  }
  // The segments are compacted into the archive, and another owner may get their names.
  void Compact(Input& input, size_t room) {
    Bytes archive = ArchiveOf(input);
    if (archive.empty() || archive.size() > input.parts[kArchive].size() + room) return;
    input.parts[kArchive] = std::move(archive);
    input.task |= 1;
    Bytes& segment = input.parts[Pick(2)];
    if (Pick(4) != 0 && segment.size() >= layout::kHeaderSize) test::HeaderOf(segment).segment_id[0]++;
  }

  std::minstd_rand random_;
};

size_t CopyOut(const Input& input, uint8_t* out, size_t max_size) {
  Bytes bytes = input.ToBytes();
  if (bytes.size() > max_size) bytes.resize(max_size);
  std::memcpy(out, bytes.data(), bytes.size());
  return bytes.size();
}

}  // namespace
}  // namespace prom::fuzz

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  if (seed % 8 == 0) return LLVMFuzzerMutate(data, size, max_size);
  prom::fuzz::Input input = prom::fuzz::Input::Of(data, size);
  prom::fuzz::Mutator(seed).Mutate(input, max_size);
  return prom::fuzz::CopyOut(input, data, max_size);
}

// A part from another input.
extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, size_t size1, const uint8_t* data2,
                                            size_t size2, uint8_t* out, size_t max_size, unsigned seed) {
  prom::fuzz::Input a = prom::fuzz::Input::Of(data1, size1);
  prom::fuzz::Input b = prom::fuzz::Input::Of(data2, size2);
  size_t from = seed % prom::fuzz::kParts;
  size_t to = from == prom::fuzz::kArchive ? from : seed / prom::fuzz::kParts % 2;
  a.parts[to] = b.parts[from];
  return prom::fuzz::CopyOut(a, out, max_size);
}
