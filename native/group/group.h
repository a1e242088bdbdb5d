// A group as its readers see it: the segments of a directory, merged into one exposition.
#pragma once

#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/byte_source.h"
#include "base/result.h"
#include "base/text_buffer.h"
#include "base/unique_fd.h"
#include "files/owner.h"
#include "group/compaction.h"
#include "group/group_files.h"
#include "group/inspection.h"
#include "group/removal.h"
#include "group/session.h"
#include "merge/merge.h"
#include "render/render.h"

namespace prom {

struct Scrape {
  View view;
  FamilyNames names = std::nullopt;
  Format format = Format::kText;
  Escaping escaping = Escaping::kUnderscores;
  // In place of an exposition: see RenderNumbers(). 0 is none.
  std::optional<double> known_layout = std::nullopt;
  double now_ms = 0;  // wall clock, for the age windows of summaries
  // How long to wait for the collect functions of other owners; 0 does not ask them.
  double collect_deadline_ms = 0;
  SelfMetricsShown self_metrics = SelfMetricsShown::kTrouble;
  // The segment of the scraping thread, whose collect functions have run.
  std::string own_segment;
  // Whether that file is its own: an older one may have been put in its place.
  bool own_is_current = true;
  // Its memory, which is read when the file cannot be: a process always shows its own numbers.
  std::shared_ptr<const ByteSource> own_bytes;
  // Directories of the group that belong to other users, and that this process may read.
  std::vector<std::string> other_directories;
  // Segments in memory that only this thread has. They are shown in the view of one process, where the directory cannot be read,
  // and else as long as this thread answers alone: it is no cluster worker, and has no file or has seen no other living owner.
  // The pointers keep them alive during the scrape.
  std::vector<std::shared_ptr<const ByteSource>> private_segments;
  // Whether others like this process answer for the group: it is a cluster worker.
  bool is_one_of_many = false;
  // Only the living process of this pid; 0 for the choice of the view. It takes the place of view.process.
  uint32_t pid = 0;
  // Whether the scrape joins the session as a reader. Without that it leaves no trace in the directory, and keeps no session alive.
  bool joins = true;
};

// Series to remove from all segments of the group but the one of the calling thread.
struct Removal {
  SeriesFilter filter;
  std::string message;  // the text that living owners get
  double deadline_ms = 0;
  std::string own_segment;
  std::vector<std::string> other_directories;  // see Scrape
  bool keep_threads = false;                   // see CompactionTask
};

// Safe to call from any thread, one scrape at a time.
class Group {
 public:
  // An empty name stands for no directory: only private segments count then.
  Group(std::string directory, const OwnerIdentity& self)
      : directory_(std::move(directory)), self_(self), files_(self) {}

  // Joins the session for as long as this object lives, in place of an earlier call. A scrape joins as a reader unless this
  // object has joined already. A reader goes on with its session, in any mode, when an owner has lived in it: its scrapes may
  // have shown the counts. Waits at most a second for a process that begins the session at this moment.
  void Join(JoinMode mode);

  // Leaves the session, as a reader that may not scrape again and must not keep it.
  void Leave();

  // Reads the group as it is now, merges and renders. See GroupFiles::ReadDirectory() for the errors; ESRCH where no living process
  // has the pid of the scrape.
  Result<TextBuffer> Render(Scrape scrape);

  // See InspectGroup().
  Result<TextBuffer> Inspect(bool whole) const { return InspectGroup(directory_, self_, whole); }

  // errno if the last scrape could not open the directory or its own file: it lacks the numbers of other owners then. Else 0.
  int ScrapeError() const { return scrape_error_; }

  // Whether the last scrape of the whole group has seen segments that can be compacted, as far as this process knows.
  bool HasDead() const { return has_dead_; }
  // See CompactDead().
  Result<uint32_t> Compact(const ArchiveLimits& limits, double now_ms, bool keep_threads);

  // Asks the living owners to remove the series, and removes them from the dead segments and from the archive. Returns how
  // many living owners had not done so by the deadline; they will. Fails when an owner could not be asked, for want of room.
  Result<uint32_t> RemoveSeries(const Removal& removal) const;

 private:
  void JoinAsReader();
  void NoteOwners();
  bool HasHadOwners() const;
  Merge& MergeFor(const View& view);

  const std::string directory_;
  const OwnerIdentity self_;
  std::mutex session_mutex_;
  UniqueFd session_;
  std::string session_mark_;         // when this object joined
  bool session_has_owners_ = false;  // whether it has seen one alive
  std::mutex mutex_;                 // of a scrape, which may hold it until the collect deadline
  bool has_seen_others_ = false;
  std::atomic<bool> has_dead_{false};
  std::atomic<int> scrape_error_{0};
  GroupFiles files_;
  std::map<std::string, GroupFiles> other_files_;  // by directory
  std::list<Merge> merges_;                        // most recently used first
  size_t last_size_ = 0;                           // of an exposition of all families
  std::mutex compaction_mutex_;
  std::set<SegmentId> too_large_;  // see CompactionTask
};

}  // namespace prom
