#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "base/result.h"
#include "storage/log_rows.h"

namespace storage {

enum class LogRowsUse : std::uint8_t {
    Beside,  ///< a sidecar may be working on the log
    Alone,   ///< the caller holds the log's lock
};

/// The rows of an SQLite log, also beside the sidecar that writes it, and of a damaged file as far as SQLite
/// can read it. Changes no byte of the database. The structure of the whole file is checked while no sidecar
/// works on it: that takes one long transaction, during which the write-ahead log would only grow. Errors:
/// Unavailable, when there is no log; Invalid, when the file is another program's, or of another schema than
/// this program's; Corrupt, when nothing of it can be read.
[[nodiscard]] base::Result<std::unique_ptr<LogRows>> open_sqlite_log_rows(
    const std::filesystem::path& file, LogRowsUse use = LogRowsUse::Beside);

/// Of a log that this process has open already: looks at no file but through SQLite, as closing the file
/// would end the locks that SQLite holds on it. Throws SqliteFailure.
[[nodiscard]] std::unique_ptr<LogRows> rows_of_open_sqlite_log(const std::filesystem::path& file);

}  // namespace storage
