#include "storage/open_log.h"

#include <utility>
#include <variant>

#include "storage/folder.h"
#include "storage/postgresql_event_log.h"
#include "storage/postgresql_event_reader.h"
#include "storage/postgresql_log_rows.h"
#include "storage/sqlite_event_log.h"
#include "storage/sqlite_event_reader.h"
#include "storage/sqlite_log_rows.h"

namespace storage {

namespace {

SqliteOptions sqlite_options(const Options& options) {
    auto sqlite = std::get<SqliteOptions>(options.database);
    sqlite.compress = options.compression == Options::Compression::Zstd;
    sqlite.retention = options.retention.value_or(RetentionOptions{});
    return sqlite;
}

}  // namespace

base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                 base::Metrics& metrics) {
    const auto as_log = [](auto opened) -> base::Result<std::unique_ptr<EventLog>> {
        if (!opened) return opened.error();
        return std::unique_ptr<EventLog>(std::move(*opened));
    };
    if (std::holds_alternative<SqliteOptions>(options.database))
        return as_log(SqliteEventLog::open(sqlite_options(options), std::move(log), metrics));
    // For what is no event: the control socket, the Rust sidecar's sse_index.
    if (const auto made = make_folder(options.storage_path); !made) return made.error();
    return as_log(PostgresqlEventLog::open(options, std::move(log), metrics));
}

base::Result<std::unique_ptr<EventReader>> open_log_for_reading(const Options& options) {
    const auto as_reader = [](auto opened) -> base::Result<std::unique_ptr<EventReader>> {
        if (!opened) return opened.error();
        return std::unique_ptr<EventReader>(std::move(*opened));
    };
    if (std::holds_alternative<SqliteOptions>(options.database))
        return as_reader(SqliteEventReader::open(sqlite_options(options)));
    return as_reader(PostgresqlEventReader::open(std::get<PostgresqlOptions>(options.database)));
}

base::Result<std::unique_ptr<LogRows>> open_log_rows(const Options& options) {
    if (const auto* sqlite = std::get_if<SqliteOptions>(&options.database))
        return open_sqlite_log_rows(sqlite->directory / sqlite->file_name);
    return open_postgresql_log_rows(std::get<PostgresqlOptions>(options.database));
}

}  // namespace storage
