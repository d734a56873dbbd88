#include "storage/open_log.h"

#include <utility>

#include "storage/sqlite_event_log.h"

namespace storage {

base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                 base::Metrics& metrics) {
    auto sqlite = std::get<SqliteOptions>(options.database);
    sqlite.compress = options.compression == Options::Compression::Zstd;
    sqlite.retention = options.retention.value_or(RetentionOptions{});
    auto opened = SqliteEventLog::open(sqlite, std::move(log), metrics);
    if (!opened) return opened.error();
    return std::unique_ptr<EventLog>(std::move(*opened));
}

}  // namespace storage
