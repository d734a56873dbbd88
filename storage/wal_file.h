#pragma once

#include <cstdint>
#include <filesystem>

#include "storage/sqlite_writer.h"

namespace storage {

/// Keeps the write-ahead log's file at a size that is not grown by every commit. A commit that only
/// overwrites blocks of a file leaves the file system's metadata alone, and so costs one write to the disk
/// instead of several. Past its last valid frame SQLite ignores what the file holds
/// (https://www.sqlite.org/fileformat2.html#the_write_ahead_log).
class WalFile {
  public:
    /// `pages`: for how many there is to be room, up to 64 MB. What the log outgrows is cut off again, once a
    /// checkpoint let it begin anew. Before the threads begin.
    WalFile(const std::filesystem::path& database, SqliteWriter& writer, std::uint64_t pages);

    /// Adds a piece, during one turn of the writer; false when there is nothing to add any more: the file is
    /// large enough, or the disk is short of space. The maintenance thread.
    [[nodiscard]] bool grow();

  private:
    [[nodiscard]] bool disk_has_room() const;
    void append_zeros();

    std::filesystem::path file_;
    SqliteWriter& writer_;
    std::uintmax_t wanted_;  // bytes
    bool done_ = false;
};

}  // namespace storage
