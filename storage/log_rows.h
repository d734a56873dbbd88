#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/chain_hash.h"
#include "storage/damage.h"
#include "storage/event_reader.h"

namespace storage {

/// An event as it lies in the database; nothing of it is believed.
struct LogRow {
    base::EventId id = 0;
    base::Kind kind = base::Kind::ApiVersion;
    base::NaturalKey key;
    base::Filter source = base::Filter::Main;
    std::optional<Digest> payload;  ///< of the payload, where it can be given back and the key is known
    std::optional<Digest> chain;    ///< as stored
    std::string fault;              ///< why there is no `payload`
    bool unreadable = false;        ///< nothing of the row can be read
};

/// Ids whose events were deleted, with the chain hash up to the last.
struct LogRun {
    base::EventId first = 0;
    base::EventId last = 0;
    Digest end{};

    bool operator==(const LogRun&) const = default;
};

/// Where a log says that it ends.
struct LogEnd {
    Range range;
    Digest chain{};
};

/// A piece of a log, as of one moment.
struct RowPage {
    std::vector<LogRow> rows;  ///< ids ascending
    std::vector<LogRun> runs;  ///< those that touch the piece, ids ascending
    base::EventId next = 0;    ///< all that the log holds from the asked id on, below this one, is here
    bool last = false;         ///< there is nothing above
    std::optional<LogEnd> end;
    std::vector<Damage> damages;  ///< of what surrounds the events
};

/// A log read row by row, to be checked. No transaction outlives a call. One thread.
class LogRows {
  public:
    virtual ~LogRows() = default;

    /// The first id that the log holds, or held and recorded.
    [[nodiscard]] virtual base::Result<base::EventId> first_id() = 0;

    /// The event before this id, or the run of deleted ones, as a run, with its chain hash as stored.
    /// Nothing, where there is none that can be read.
    [[nodiscard]] virtual base::Result<std::optional<LogRun>> before(base::EventId id) = 0;

    /// From this id on. What is damaged is in the page; errors are those after which nothing can be read.
    [[nodiscard]] virtual base::Result<RowPage> read(base::EventId from) = 0;

    /// What else can be damaged; `stop` is asked now and then.
    struct Surroundings {
        std::vector<Damage> damages;
        std::vector<std::string> notes;  ///< for the operator
    };
    [[nodiscard]] virtual base::Result<Surroundings> check_surroundings(
        const std::function<bool()>& stop) = 0;
};

}  // namespace storage
