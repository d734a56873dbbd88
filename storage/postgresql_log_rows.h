#pragma once

#include <memory>

#include "base/result.h"
#include "storage/log_rows.h"
#include "storage/options.h"

namespace storage {

/// The rows of a PostgreSQL log, also beside the sidecars that write it. Changes nothing. The structure of
/// tables and indexes is the server's own affair. Errors as those of PostgresqlEventReader::open().
[[nodiscard]] base::Result<std::unique_ptr<LogRows>> open_postgresql_log_rows(
    const PostgresqlOptions& options);

}  // namespace storage
