// Requests to the owners of a group, through the wake-up FIFOs beside their segments.
//
// A request is a short line, which no full FIFO cuts, and may have a text of any length in a file beside the segment. Its owner
// carries out the texts and, if the line asks for it, runs the collect functions. The header of the segment
// has the collect sequence number of the newest collect. A request notes it, and is done once a later collect is finished: that
// one began after the request, whichever process asked for it. A blocked owner is waited for until the deadline, and read as it
// is. The numbers continue when the segment is rewritten meanwhile.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "files/owner.h"
#include "format/layout.h"

namespace prom {

class CollectRequest {
 public:
  // `line` has its line feed, and is shorter than PIPE_BUF. Owners whose `wakeup` is less than `least` do not get the request. With
  // `process` only its owners get it.
  CollectRequest(std::string line, layout::Wakeup least, std::optional<ProcessIdentity> process = {},
                 std::string text = {})
      : line_(std::move(line)), least_(least), process_(process), text_(std::move(text)) {}

  // Sends the request to the owners of all segments of the directory but `except`.
  void NotifyAll(const std::string& directory, const std::string& except);

  // Why an owner could not be given the text.
  const std::optional<SystemError>& error() const { return error_; }

  // Waits until all of them have collected, at most `deadline_ms`. Returns how many have not, with the owners that the request
  // did not reach because this process has no descriptor left.
  uint32_t Wait(double deadline_ms);

 private:
  // No descriptor of its own: a group may have more owners than a process has descriptors.
  struct PendingOwner {
    std::shared_ptr<const UniqueFd> directory;
    std::string segment;
    uint64_t sequence;  // collect sequence number when the request was sent

    bool IsDone() const;
  };

  void Notify(const std::shared_ptr<const UniqueFd>& directory, const std::string& segment);
  void NoteUnreached(const std::string& path);

  std::string line_;
  layout::Wakeup least_;
  std::optional<ProcessIdentity> process_;
  std::string text_;
  std::optional<SystemError> error_;
  std::vector<PendingOwner> pending_;
  uint32_t unreached_ = 0;
};

// Takes the texts of the requests to the owner of a segment, the oldest first.
std::vector<std::string> TakeRequests(const std::string& segment);

}  // namespace prom
