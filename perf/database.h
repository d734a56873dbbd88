#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/metrics.h"
#include "storage/open_log.h"

namespace perf {

/// The database that a benchmark's command line names.
struct Database {
    storage::Options options;
    std::string form;                      ///< "sqlite" or "postgresql"
    std::function<std::uint64_t()> bytes;  ///< of its files
    std::uint64_t millions = 0;            ///< of events that it shall hold
};

inline constexpr const char* kDatabaseArguments =
    "sqlite FOLDER [MILLIONS] | postgresql HOST PORT USER DATABASE [MILLIONS]";

/// Reads kDatabaseArguments; PostgreSQL's password comes from PGPASSWORD. Nothing: they are wrong.
[[nodiscard]] std::optional<Database> parse_database(std::span<char*> arguments, std::uint64_t millions);

/// "host=… port=…", as libpq takes it.
[[nodiscard]] std::string connection_string(const storage::PostgresqlOptions& options);

/// Ends the program with a message, when it cannot be opened.
[[nodiscard]] std::unique_ptr<storage::EventLog> open(const Database& database, base::Metrics& metrics);

}  // namespace perf
