#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.h"

namespace storage {

struct BackupOptions {
    /// Told how much of 1 is done, and of how many bytes; may be empty.
    std::function<void(double done, std::uint64_t bytes)> progress{};
    std::function<bool()> stop{};  ///< whether to give up; may be empty
};

struct Backup {
    std::uint64_t bytes = 0;
    bool stopped = false;  ///< there is no copy
};

/// Copies an SQLite log, also while a sidecar works on it, as it is at the moment of the call, into a file of
/// its own that needs no other: under another name first, so that `copy` is complete and durable once it is
/// there. Holds up no append; one read transaction lasts as long as the copying, during which the sidecar's
/// write-ahead log grows. An older copy is replaced; any other file is left alone. Errors: Unavailable, when
/// there is no log, or the copy cannot be written; Invalid, when the log is another program's or of a newer
/// schema, or `copy` is a file that must not be replaced; Corrupt, when the log is damaged. Blocks.
[[nodiscard]] base::Result<Backup> back_up_sqlite(const std::filesystem::path& file,
                                                  const std::filesystem::path& copy,
                                                  const BackupOptions& options);

}  // namespace storage
