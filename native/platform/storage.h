// Blocks, pages, durability and names of files, where systems differ.
#pragma once

#include <cstdint>
#include <optional>

namespace prom {

// The file system of a directory, as a process without privileges sees it.
struct Storage {
  uint64_t size = 0;
  uint64_t available = 0;
};
std::optional<Storage> StorageOf(int directory);

// Gives a part of a file, which has no other writer, blocks of its own that are zero: a store into its mapping cannot find the
// file system full. The file is at least as long then. 0, or the errno.
int ReserveBlocks(int fd, uint64_t offset, uint64_t length);

// Makes pages of a writable mapping present. Where the system cannot do that, the first store to each of them does.
void PopulatePages(void* address, uint64_t length);

// Returns when the bytes of the file survive a loss of power. 0, or -1 with errno.
int FlushToDisk(int fd);

// rename(2) to a new name. Where the file system cannot refuse an existing name, the 64 random bits in it must do.
int RenameToNew(const char* from, const char* to);

}  // namespace prom
