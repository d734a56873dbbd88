#pragma once

#include <cstdint>
#include <string>

#include "base/event.h"
#include "base/result.h"
#include "storage/history_source.h"
#include "transfer/import_lines.h"
#include "transfer/importer.h"
#include "transfer/progress.h"
#include "transfer/stop.h"

namespace transfer {

/// What a history holds.
struct Survey {
    std::uint64_t events = 0;   ///< rows that are events
    std::uint64_t repeats = 0;  ///< at least as many as the duplicates among them
};

/// Reads all of the history without storing anything, so that a database that is damaged, or of another
/// network, is refused before the log is touched. Leaves the source at its beginning. Nothing: the operator
/// ended it.
[[nodiscard]] base::Result<std::optional<Survey>> survey(storage::HistorySource& history,
                                                         const std::string& network_name, Progress& progress,
                                                         const Stop& stop);

/// The id with which the history has to begin, so that the next live id is above `old_next`, the next id that
/// the Rust sidecar would have given, whichever rows turn out to be duplicates: an old cursor then finds
/// about the event that it stood for.
[[nodiscard]] base::EventId first_id(const Survey& survey, base::EventId old_next);

/// Brings the history into the log.
[[nodiscard]] base::Result<ImportEnd> import_history(storage::HistorySource& history, Importer& importer,
                                                     Progress& progress, const Stop& stop);

}  // namespace transfer
