// The format of a segment file, version 1: every offset and number that is in files on disk.
//
// The numbers are persisted: never change or reuse one, add a version or a feature bit instead. Little-endian only.
// docs/format.md describes the same, with a worked example.
//
//   file       0        4096          32768         65536                                          st_size
//              +--------+-------------+-------------+---------------+---------------+-----------------+
//              | header | extent D0   | extent V0   | extent ...    | extent ...    | not in table    |
//              +--------+-------------+-------------+---------------+---------------+-----------------+
//              \______________ chunk 0, 64 KiB _____/\__ later chunks: 64 KiB * 2^k, one extent each _/
//
//   D extents, one after the other, are one stream of records (descriptors). V extents are cells: aligned doubles.
//
//   header     0     identity: written before the file is visible, never changed, covered by header_crc
//              256   state of the owner
//              320   heartbeat
//              512   extent table, 96 entries of 32 bytes
//
//   record     0        4        6        8        12       16                       length (x8)
//              +--------+--------+--------+--------+--------+---------------------------+
//              | length | type   | flags  | crc32c | state  | body ... zero padding     |
//              +--------+--------+--------+--------+--------+---------------------------+
//              \___ crc32c of this ______/                   \__ and of this, with padding
//
//   The owner writes a record, then advances `records_end` (release). A reader loads it (acquire) and reads nothing beyond
//   it. A record never straddles two extents: the rest of an extent is a SKIP record, or less than sixteen unused bytes.
//
//   cells of a series, in this order (for one observation the owner stores a histogram's bucket, then the sum, then the
//   count; a summary's page, then min and max, the sum, n, and then the count):
//     counter     value
//     gauge       value                     with a `mostrecent` mode: value, milliseconds since boot of the last set
//     histogram   sum, count, bucket 0 .. bucket n-1, bucket +Inf                 buckets are not cumulative
//     summary     count, sum, then per age slot: epoch, generation, n, zero, min, max, schema
//                 and PAGE records: 32 cells each, buckets 32p .. 32p+31 of one sign, slot and generation
//     native      a histogram with a NATIVE record: generation, schema, observations in the zero bucket, and NATIVE_PAGE
//                 records as those of summaries; stored before the bucket of the histogram
//
//   The archive has the counts of dead owners. It is a file of the same form that is never changed: a new one takes its
//   name. Its series have their cells twice: first those above, then as many low halves of double-double sums. Its
//   COMPACTED records list the segments that are in it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace prom::layout {

inline constexpr uint8_t kMagic[8] = {0x89, 'P', 'S', 'M', '\r', '\n', 0x1a, '\n'};
inline constexpr uint32_t kEndianMark = 0x01020304;
inline constexpr uint16_t kMajor = 1;
inline constexpr uint16_t kMinor = 1;  // 1: NATIVE and NATIVE_PAGE records

inline constexpr uint64_t kHeaderSize = 4096;
// Chunks start at multiples of it: fits pages of 4, 16 and 64 KiB.
inline constexpr uint64_t kGranule = 64 * 1024;
inline constexpr uint64_t kMaxChunk = 4 * 1024 * 1024;
inline constexpr uint32_t kMaxExtents = 96;
inline constexpr uint64_t kFirstRecordsOffset = kHeaderSize;
inline constexpr uint64_t kFirstCellsOffset = 32 * 1024;

enum class FileKind : uint32_t { kSegment = 1, kArchive = 2 };
enum class OwnerState : uint32_t { kInit = 0, kActive = 1, kClosed = 2 };
// Whether the owner reads its wake-up FIFO, and whether it has collect functions.
enum class Wakeup : uint32_t { kNone = 0, kListens = 1, kCollects = 2 };
enum class ExtentType : uint32_t { kRecords = 1, kCells = 2 };
enum class RecordType : uint16_t {
  kFamily = 1,
  kSeries = 2,
  kSkip = 3,
  kCompacted = 4,
  kPage = 5,
  kScope = 6,
  kMember = 7,
  kExemplar = 8,
  kNative = 9,
  kNativePage = 10,
};
enum class RecordState : uint32_t { kLive = 1, kRemoved = 2 };

enum class MetricType : uint8_t { kCounter = 1, kGauge = 2, kHistogram = 3, kSummary = 4 };

// How the series of several owners become one. `live` modes, and the last three, count live owners only.
enum class MergeMode : uint8_t {
  kAll = 1,
  kLiveAll = 2,
  kMin = 3,
  kLiveMin = 4,
  kMax = 5,
  kLiveMax = 6,
  kSum = 7,
  kLiveSum = 8,
  kMostRecent = 9,
  kLiveMostRecent = 10,
  kFirst = 11,
  kAverage = 12,
  kOmit = 13,
};

// The JavaScript type of a label value. As in prom-client, only strings are escaped in the text formats.
enum class LabelKind : uint8_t {
  kString = 0,
  kNumber = 1,
  kBoolean = 2,
  kNull = 3,
  kUndefined = 4,
  kOther = 5,
};

// Flags of a SCOPE record: the owner's setRegistries() chose the scope for these metrics. A reader ignores other bits.
inline constexpr uint32_t kChosenForCluster = 1;
inline constexpr uint32_t kChosenForWorker = 2;

struct Extent {
  uint64_t offset;  // in the file, a multiple of 8
  uint64_t length;
  uint32_t type;   // ExtentType
  uint32_t index;  // among the extents of its type
  uint64_t reserved;
};
static_assert(sizeof(Extent) == 32);

using Id = std::array<uint8_t, 16>;

struct Header {
  // 0..255: identity.
  uint8_t magic[8];
  uint32_t endian_mark;
  uint16_t major;
  uint16_t minor;
  uint32_t header_size;
  uint32_t granule;
  Id segment_id;           // random: the identity of the file; a rewrite makes a new one
  uint32_t kind;           // FileKind
  uint32_t incompat_bits;  // a reader skips a file with an unknown bit
  uint32_t compat_bits;
  uint32_t worker_thread;  // worker_threads' threadId, 0 for the main thread
  uint32_t pid;            // pid and tid as the owner's pid namespace numbers them
  uint32_t tid;
  uint64_t pid_namespace;  // inode of /proc/self/ns/pid, 0 when unknown
  uint64_t start_ticks;    // field 22 of /proc/self/stat, 0 when unknown
  Id boot_id;
  uint64_t created_realtime_ns;
  uint64_t created_boottime_ns;
  uint8_t reserved0[64];
  uint64_t archive_generation;
  uint32_t compacted_count;   // archive: ids in its COMPACTED records
  uint32_t archive_crc;       // archive: crc32c of all bytes from 256 on
  uint64_t compacted_owners;  // archive: since it began
  Id first_id;                // segment_id of the first file whose counts are in this one; zero: of this one
  uint8_t reserved1[36];
  uint32_t header_crc;  // crc32c of bytes 0..251

  // 256..319: state of the owner.
  uint64_t records_end;       // bytes of the record stream in use (release)
  uint32_t extent_count;      // (release)
  uint32_t state;             // OwnerState
  uint64_t removals;          // changes of record states (release), before freed cells are used again
  uint64_t collects_started;  // collect sequence number of the newest collect
  uint64_t dropped_series;
  uint64_t dropped_updates;
  uint64_t collects_finished;  // that of the newest finished one (release)
  uint32_t wakeup;             // Wakeup (release)
  uint8_t reserved2[4];

  // 320..383: heartbeat.
  uint64_t heartbeat_boottime_ns;
  uint64_t heartbeat_realtime_ns;
  uint64_t collect_failures;     // collect functions that threw during a collect request
  uint64_t compaction_failures;  // compactions by this owner that failed
  uint64_t lacks_room;           // 1 while series of the owner are in memory of its process only
  uint8_t reserved3[152];
  Extent extents[kMaxExtents];
  uint8_t reserved4[512];
};
static_assert(sizeof(Header) == kHeaderSize);
static_assert(offsetof(Header, header_crc) == 252);
static_assert(offsetof(Header, records_end) == 256);
static_assert(offsetof(Header, wakeup) == 312);
static_assert(offsetof(Header, heartbeat_boottime_ns) == 320);
static_assert(offsetof(Header, extents) == 512);

inline constexpr uint64_t kRecordAlignment = 8;
inline constexpr uint64_t kRecordHeaderSize = 16;
inline constexpr uint64_t kMaxRecord = 1024 * 1024;
// Of a segment in memory of its process. A reader refuses a longer record in any segment.
inline constexpr uint64_t kMaxPrivateRecord = 64 * 1024 * 1024;

struct RecordHeader {
  uint32_t length;  // with this header, a multiple of 8
  uint16_t type;    // RecordType
  uint16_t flags;
  uint32_t crc;    // see RecordCrc()
  uint32_t state;  // RecordState: the only part that changes after publication
};
static_assert(sizeof(RecordHeader) == kRecordHeaderSize);
static_assert(offsetof(RecordHeader, crc) == 8);

// Cells of a page of exponential buckets, and of a summary's header.
inline constexpr uint32_t kPageCells = 32;
inline constexpr uint32_t kSummaryHeaderCells = 2;
enum SlotCell : uint32_t { kSlotEpoch, kSlotGeneration, kSlotN, kSlotZero, kSlotMin, kSlotMax, kSlotSchema };
inline constexpr uint32_t kSummarySlotCells = kSlotSchema + 1;
inline constexpr uint32_t kMaxAgeSlots = 65535;
// Cells of the header of a native histogram. Its pages have kNativeSlot in place of an age slot.
enum NativeCell : uint32_t { kNativeGeneration, kNativeSchema, kNativeZero };
inline constexpr uint32_t kNativeCells = kNativeZero + 1;
inline constexpr uint16_t kNativeSlot = 65535;
// Cells of an exemplar: the current slot (1 or 2, 0 for none yet), then two slots: value, time in seconds, bytes of text, the
// text. The owner fills the other slot, then makes it the current one.
inline constexpr uint32_t kExemplarTextCells = 64;
inline constexpr uint32_t kExemplarSlotCells = 3 + kExemplarTextCells;
inline constexpr uint32_t kExemplarCells = 1 + 2 * kExemplarSlotCells;
// Cells of a histogram before its first bucket.
inline constexpr uint32_t kHistogramHeaderCells = 2;
// Of a help text. The rest of a longer one is not shown.
inline constexpr uint32_t kMaxHelp = 64 * 1024;
// A reader refuses a family with more buckets.
inline constexpr uint32_t kMaxBuckets = 130000;
// A reader refuses a longer file.
inline constexpr uint64_t kMaxSegmentBytes = 1024ull * 1024 * 1024;

}  // namespace prom::layout
