// A group as a reader sees it: the segments of a directory, merged.
//
// What was learned of each file is kept, so that the next scrape reads only what is new and the numbers. Safe to call
// from any thread, one scrape at a time.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "byte_source.h"
#include "dead_segments.h"
#include "group_stats.h"
#include "merge.h"
#include "owner.h"
#include "segment_reader.h"
#include "text_buffer.h"

namespace prom {

enum class Format { kText, kOpenMetrics, kJson };

struct Scrape {
  View view;
  std::optional<std::string> name;  // only the family of this name
  Format format = Format::kText;
  double now_ms = 0;  // wall clock, for the age windows of summaries
  // How long to wait for the collect functions of other owners; 0 leaves them alone.
  double collect_deadline_ms = 0;
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

  // Reads what is there now, merges and renders. Never fails as a whole: what cannot be read is left out and counted.
  TextBuffer Render(const Scrape& scrape);

  // Has the series removed by the living, and removes them from the segments of the dead. Returns how many of the living
  // had not done so by the deadline; they will as soon as they can.
  uint32_t RemoveSeries(const Removal& removal) const;

 private:
  struct Segment {
    SegmentReader reader;
    bool live = true;
    bool locked = true;
    bool seen = false;
    SkipReason reason = SkipReason::kNone;
  };

  void RingBells(const Scrape& scrape, GroupStats& stats) const;
  void ReadDirectory(GroupStats& stats);
  void ReadFile(int directory, const std::string& name, GroupStats& stats);
  SkipReason ReadSegment(int fd, Segment& segment) const;
  std::vector<MergeInput> Inputs(const Scrape& scrape, GroupStats& stats);
  Merge& MergeFor(const View& view);

  const std::string directory_;
  const OwnerIdentity self_;
  std::mutex mutex_;
  std::map<std::string, Segment> segments_;  // by file name
  std::map<const ByteSource*, Segment> private_segments_;
  std::list<Merge> merges_;  // most recently used first
  size_t last_size_ = 0;
};

}  // namespace prom
