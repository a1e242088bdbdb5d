// Files of a test, and a directory of its own for them.
#pragma once

#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "format/record.h"

namespace prom::test {

// A new directory, in memory if possible, which is removed at the end with everything in it.
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

// Mounts a tmpfs of this user with these options on a directory, in a mount namespace of this process: no exit leaves it mounted. False,
// with errno, when that is refused.
bool MountTmpfs(const std::string& directory, const std::string& options);

Bytes ReadWholeFile(const std::string& path);
void WriteWholeFile(const std::string& path, const Bytes& bytes);
UniqueFd OpenForReading(const std::string& path);

}  // namespace prom::test
