#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "storage/event_log.h"
#include "transfer/importer.h"
#include "transfer/line_reader.h"
#include "transfer/progress.h"
#include "transfer/stop.h"

namespace transfer {

/// Whether all was read, or the operator ended it before.
enum class ImportEnd : std::uint8_t { Complete, Stopped };

/// Brings the lines of a file, of either form (transfer/event_line.h), into an empty log. Empty lines are
/// overlooked. Where the first line has an id, and it is not below the one with which the log begins by
/// itself, the ids begin there: a complete export WithId keeps its ids. `size` in bytes, 0: not known.
/// Errors: those of reading and of the log; Invalid, when the file is compressed.
[[nodiscard]] base::Result<ImportEnd> import_lines(LineReader& lines, std::uint64_t size,
                                                   storage::EventLog& log, Importer& importer,
                                                   Progress& progress, const Stop& stop);

}  // namespace transfer
