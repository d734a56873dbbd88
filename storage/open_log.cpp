#include "storage/open_log.h"

#include <utility>

#include "storage/sqlite_event_log.h"
#include "storage/sqlite_event_reader.h"

namespace storage {

base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                 base::Metrics& metrics) {
    auto opened = SqliteEventLog::open(std::get<SqliteOptions>(options.database), std::move(log), metrics);
    if (!opened) return opened.error();
    return std::unique_ptr<EventLog>(std::move(*opened));
}

base::Result<std::unique_ptr<EventReader>> open_log_for_reading(const Options& options) {
    auto opened = SqliteEventReader::open(std::get<SqliteOptions>(options.database));
    if (!opened) return opened.error();
    return std::unique_ptr<EventReader>(std::move(*opened));
}

}  // namespace storage
