#include "storage/open_log.h"

#include <utility>

#include "storage/sqlite_event_log.h"

namespace storage {

base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                 base::Metrics& metrics) {
    auto opened = SqliteEventLog::open(std::get<SqliteOptions>(options.database), std::move(log), metrics);
    if (!opened) return opened.error();
    return std::unique_ptr<EventLog>(std::move(*opened));
}

}  // namespace storage
