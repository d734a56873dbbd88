#pragma once

#include <memory>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/event_log.h"
#include "storage/log_rows.h"
#include "storage/options.h"

namespace storage {

/// Opens the log, or makes it, in the database that is configured. Errors as those of that form's open().
[[nodiscard]] base::Result<std::unique_ptr<EventLog>> open_log(const Options& options, base::Log log,
                                                               base::Metrics& metrics);

/// Opens the log to be read, also while a sidecar works on it. Never makes or changes one. Errors as those of
/// that form's open().
[[nodiscard]] base::Result<std::unique_ptr<EventReader>> open_log_for_reading(const Options& options);

/// Opens the log to be checked, likewise.
[[nodiscard]] base::Result<std::unique_ptr<LogRows>> open_log_rows(const Options& options);

}  // namespace storage
