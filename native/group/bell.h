// The bell of an owner: a FIFO beside its segment. A scrape writes a line to it, and the owner runs its collect functions;
// other lines ask for other things first.
//
// The owner numbers the runs in its header. A scrape notes the number of the newest run, rings, and waits until a later one
// is over: that one began after the scrape did, whoever rang for it. An owner that is blocked is waited for until the
// deadline, and read as it is. A segment may move while it is waited for: its numbers go on in the new file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "format/layout.h"

namespace prom {

// One scrape's round of ringing.
class BellRound {
 public:
  // `message` is a line, the line feed included; `listeners` are those with a bell that says at least so much.
  BellRound(std::string message, layout::Wakeup listeners)
      : message_(std::move(message)), listeners_(listeners) {}

  // Rings for all segments of the directory that have a bell and a listener, but for `except`.
  void RingAll(const std::string& directory, const std::string& except);

  // Waits until all have collected, at most until `deadline_ms` have passed. Returns how many had not.
  uint32_t Wait(double deadline_ms);

 private:
  struct Rung {
    std::string path;
    UniqueFd segment;
    uint64_t run;  // the newest one when it was rung
  };

  void Ring(const std::string& path);
  static bool IsOver(Rung& rung);

  std::string message_;
  layout::Wakeup listeners_;
  std::vector<Rung> rung_;
};

}  // namespace prom
