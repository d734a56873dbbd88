#pragma once

#include <filesystem>

#include "base/result.h"
#include "storage/sqlite.h"
#include "storage/sqlite_schema.h"

namespace storage {

/// What can be found of a damaged log when it is opened, in a time that does not depend on its size. Both
/// throw SqliteFailure when SQLite fails.

/// Fails when the file is shorter than it says, and its write-ahead log does not have the rest: SQLite would
/// take the missing pages for empty ones, and make the file longer. Before a connection is opened.
void check_size(const std::filesystem::path& file);

/// The newest events are those of the head, as their chain hashes prove. Errors: Corrupt.
[[nodiscard]] base::Result<void> check_newest(const std::filesystem::path& file,
                                              const SqliteConnection& connection, const LogHead& head);

}  // namespace storage
