// Requests to the owners of a group, through the wake-up FIFOs beside their segments.
//
// A request is a line. Its owner runs the collect functions; some requests ask for other work first. The header of the segment
// has the collect sequence number of the newest collect. A request notes it, and is done once a later collect is finished: that
// one began after the request, whichever process asked for it. A blocked owner is waited for until the deadline, and read as it
// is. The numbers continue when the segment is rewritten meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "files/owner.h"
#include "format/layout.h"

namespace prom {

class CollectRequest {
 public:
  // `message` is a line with its line feed. Owners whose `wakeup` is less than `least` do not get it.
  // With `process` only its owners get it.
  CollectRequest(std::string message, layout::Wakeup least, std::optional<ProcessIdentity> process = {})
      : message_(std::move(message)), least_(least), process_(process) {}

  // Sends the request to the owners of all segments of the directory but `except`.
  void NotifyAll(const std::string& directory, const std::string& except);

  // Waits until all of them have collected, at most `deadline_ms`. Returns how many have not.
  uint32_t Wait(double deadline_ms);

 private:
  struct PendingOwner {
    std::string path;
    UniqueFd segment;
    uint64_t sequence;  // collect sequence number when the request was sent

    bool IsDone();
  };

  void Notify(const std::string& path);

  std::string message_;
  layout::Wakeup least_;
  std::optional<ProcessIdentity> process_;
  std::vector<PendingOwner> pending_;
};

}  // namespace prom
