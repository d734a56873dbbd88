#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/api_version.h"
#include "base/result.h"
#include "storage/chain_hash.h"
#include "storage/event_log.h"
#include "storage/sqlite.h"

namespace storage {

/// `PRAGMA application_id` of this project's databases: "ESLG".
inline constexpr std::int32_t kApplicationId = 0x45534C47;

/// The schema that this program writes; `PRAGMA user_version` of the file.
[[nodiscard]] std::int64_t newest_schema_version();

enum class DatabaseFile {
    New,  ///< missing or without a table
    Ours,
};

/// A repaired copy that is complete and not yet in its place: until it is, the log is not to be used.
[[nodiscard]] std::filesystem::path repaired_file(const std::filesystem::path& file);

/// Looks at a database file without touching it or anything beside it: no lock, no byte written. Errors:
/// Invalid, when it belongs to the Rust sidecar, to another program or to a newer version of this one;
/// Corrupt, when it is no database; Unavailable, when it cannot be read, or a repair of it was
/// interrupted.
[[nodiscard]] base::Result<DatabaseFile> inspect_database_file(const std::filesystem::path& file);

/// Brings a database that inspect_database_file() let through to the newest schema and to write-ahead
/// logging. Throws SqliteFailure; a schema newer than this program's is an error of category Invalid, and
/// left alone.
[[nodiscard]] base::Result<void> prepare_schema(const SqliteConnection& connection,
                                                const std::filesystem::path& file);

/// Whether the file has the schema that this program reads; changes nothing. Errors: Invalid. Throws
/// SqliteFailure.
[[nodiscard]] base::Result<void> check_schema(const std::filesystem::path& file);

/// The error for a file that a newer version of this program wrote.
[[nodiscard]] base::Error newer_schema(const std::filesystem::path& file, std::int64_t version);

[[nodiscard]] base::Error no_log_in(const std::filesystem::path& file);

/// to_error(); failures of the kind "no such table" mean, at the opening, that the schema is not what the
/// file says it is.
[[nodiscard]] base::Error to_opening_error(const SqliteFailure& failure, const std::filesystem::path& file);

/// What the single row of the table `log` holds.
struct LogHead {
    std::string feed_id;
    std::string network_name;
    Range range;
    base::ApiVersion api_version;
    Digest chain{};  ///< the chain hash up to the newest event
};

/// Throws SqliteFailure.
[[nodiscard]] LogHead load_head(const SqliteConnection& connection);
[[nodiscard]] Positions load_positions(const SqliteConnection& connection);

}  // namespace storage
