// A group as a reader sees it: the segments of a directory, merged.
//
// What was learned of each file is kept, so that the next scrape reads only what is new and the numbers. Safe to call
// from any thread, one scrape at a time.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "base/text_buffer.h"
#include "base/unique_fd.h"
#include "files/owner.h"
#include "group/archive_file.h"
#include "group/fold.h"
#include "group/run.h"
#include "group/series_filter.h"
#include "merge/merge.h"
#include "read/segment_reader.h"
#include "render/group_stats.h"

namespace prom {

enum class Format { kText, kOpenMetrics, kJson };

struct Scrape {
  View view;
  std::optional<std::string> name;  // only the family of this name
  Format format = Format::kText;
  double now_ms = 0;  // wall clock, for the age windows of summaries
  // How long to wait for the collect functions of other owners; 0 leaves them alone.
  double collect_deadline_ms = 0;
  SelfMetricsShown self_metrics = SelfMetricsShown::kTrouble;
  // The asking thread's own segment, whose collect functions have run.
  std::string own_segment;
  // Segments in memory that only this process has. Kept alive by the caller's pointer for as long as the scrape lasts.
  std::vector<std::shared_ptr<const ByteSource>> private_segments;
};

// Series that are to go from all segments of the group but the asking thread's own.
struct Removal {
  SeriesFilter filter;
  std::string message;  // what the living are told, a line
  double deadline_ms = 0;
  std::string own_segment;
};

class Group {
 public:
  // An empty directory name means that there is none: only private segments count.
  Group(std::string directory, const OwnerIdentity& self) : directory_(std::move(directory)), self_(self) {}

  // Takes a part in the group's run, in place of the one before, for as long as this object lives: see run.h. Scrapes make
  // a reader of who has none.
  void Join(Part part);

  // Reads what is there now, merges and renders. What cannot be read is left out and counted. It fails where that would
  // leave out numbers that are sound - this process is out of descriptors or memory, or the archive was replaced each time
  // that it was read -, as a gap is harmless, and a dip is taken for a reset.
  Result<TextBuffer> Render(const Scrape& scrape);

  // Whether the last scrape has seen segments that may be folded.
  bool HasDead() const { return has_dead_; }
  FoldReport Fold(const ArchiveLimits& limits, double now_ms) const;

  // Has the series removed by the living, and removes them from what the dead have left. Returns how many of the living
  // had not done so by the deadline; they will as soon as they can.
  uint32_t RemoveSeries(const Removal& removal) const;

 private:
  struct Segment {
    SegmentReader reader;
    bool live = true;
    bool locked = true;
    bool seen = false;
    bool folded = false;  // and therefore in the archive
    uint64_t bytes = 0;
    uint64_t read_ns = 0;  // when its numbers were read last, by the clock of the boot
    SkipReason reason = SkipReason::kNone;
  };

  void RingBells(const Scrape& scrape, GroupStats& stats) const;
  std::optional<SystemError> ReadDirectory(GroupStats& stats);
  void ReadFiles(int directory, GroupStats& stats);
  void ReadFile(int directory, const std::string& name, GroupStats& stats);
  SkipReason ReadSegment(int fd, Segment& segment) const;
  void ForgetVanished(uint64_t now_ns);
  std::vector<MergeInput> Inputs(const Scrape& scrape, GroupStats& stats);
  Merge& MergeFor(const View& view);

  const std::string directory_;
  const OwnerIdentity self_;
  std::mutex mutex_;
  UniqueFd run_;
  std::atomic<bool> has_dead_{false};
  ArchiveFile archive_;
  int starved_ = 0;                          // errno of what this process had not enough of in this scrape
  std::map<std::string, Segment> segments_;  // by file name
  std::map<const ByteSource*, Segment> private_segments_;
  std::list<Merge> merges_;  // most recently used first
  size_t last_size_ = 0;     // of an exposition of all families
};

}  // namespace prom
