// Files of a test, and a directory of its own for them.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "format/record.h"

namespace prom::test {

// A new directory in memory where there is such a place, gone with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + '/' + name; }
  std::vector<std::string> Names() const;

 private:
  std::string path_;
};

// Mounts a tmpfs with these options on a directory, in a mount namespace of this process alone: nothing is left mounted,
// however the process ends. False, with errno, where that is refused.
bool MountTmpfs(const std::string& directory, const std::string& options);

Bytes ReadWholeFile(const std::string& path);
void WriteWholeFile(const std::string& path, const Bytes& bytes);
UniqueFd OpenForReading(const std::string& path);

}  // namespace prom::test
