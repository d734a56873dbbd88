#include "storage/open_log.h"

#include <utility>

#include "storage/sqlite_event_log.h"
#include "storage/sqlite_event_reader.h"

namespace storage {

namespace {

base::Result<SqliteOptions> sqlite_options(const Options& options) {
    const auto* sqlite = std::get_if<SqliteOptions>(&options.database);
    if (sqlite != nullptr) return *sqlite;
    return base::invalid("PostgreSQL is not supported by this version yet; use [storage.sqlite_config]");
}

}  // namespace

base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                 base::Metrics& metrics) {
    const auto sqlite = sqlite_options(options);
    if (!sqlite) return sqlite.error();
    auto opened = SqliteEventLog::open(*sqlite, std::move(log), metrics);
    if (!opened) return opened.error();
    return std::unique_ptr<EventLog>(std::move(*opened));
}

base::Result<std::unique_ptr<EventReader>> open_log_for_reading(const Options& options) {
    const auto sqlite = sqlite_options(options);
    if (!sqlite) return sqlite.error();
    auto opened = SqliteEventReader::open(*sqlite);
    if (!opened) return opened.error();
    return std::unique_ptr<EventReader>(std::move(*opened));
}

}  // namespace storage
