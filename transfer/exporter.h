#pragma once

#include <cstdint>
#include <vector>

#include "base/event.h"
#include "base/event_kind.h"
#include "base/result.h"
#include "storage/event_reader.h"
#include "transfer/event_line.h"
#include "transfer/output_file.h"
#include "transfer/progress.h"
#include "transfer/stop.h"

namespace transfer {

struct ExportOptions {
    base::EventId from = 1;                ///< inclusive
    base::EventId to = base::kMaxEventId;  ///< exclusive
    std::vector<base::Kind> kinds;         ///< none: every kind
    LineForm form = LineForm::Payload;
};

struct Exported {
    std::uint64_t events = 0;
    base::EventId last = 0;  ///< the last one written; 0: none
    enum class End : std::uint8_t { Complete, ReaderGone, Stopped } end = End::Complete;
};

/// Writes the log's events, up to those that it held when it was opened, a line each in the order of their
/// ids. Of form Payload the sidecar's own Shutdown is left out: its line would be taken for a node's. Blocks;
/// memory: a page of the log.
[[nodiscard]] base::Result<Exported> export_events(const storage::EventReader& log,
                                                   const ExportOptions& options, OutputFile& output,
                                                   Progress& progress, const Stop& stop);

}  // namespace transfer
