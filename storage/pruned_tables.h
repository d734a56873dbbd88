#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/event.h"
#include "storage/event_reader.h"

namespace storage {

/// Milliseconds since 1970, by the clock of whoever deletes.
using UnixMs = std::int64_t;

/// So long the keys of deleted events are known.
inline constexpr UnixMs kKeysAreKnownFor = UnixMs{24} * 3600 * 1000;
/// So often the oldest id is noted, by which it is known how long keys were.
inline constexpr UnixMs kBetweenNotes = UnixMs{10} * 60 * 1000;

/// In one transaction: an append waits for no more.
inline constexpr std::int64_t kMostRowsPruned = 256;
inline constexpr std::size_t kMostBytesPruned = std::size_t{512} << 10U;

/// What a database form does for the pruner. Every call is a small transaction, or none, and throws as that
/// form does; then nothing has changed. One thread.
class PrunedTables {
  public:
    virtual ~PrunedTables() = default;

    struct State {
        Range range;
        /// What the log takes of the database, without what is free in it, and without the keys of deleted
        /// events: these would push out events that are to be kept, for a day.
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] virtual State state() = 0;

    /// When the first event from this id on was received.
    [[nodiscard]] virtual std::optional<UnixMs> received_at(base::EventId id) = 0;

    struct Deleted {
        std::uint64_t events = 0;
        std::vector<std::uint64_t> payloads;  ///< large ones that belong to no event any more
    };
    /// Deletes, from the oldest id on, what may go of the events below this id, as many as one transaction
    /// takes, and moves the oldest id on. Nothing: another instance is at it.
    [[nodiscard]] virtual std::optional<Deleted> delete_events(base::EventId to, UnixMs now) = 0;

    /// Forgets keys of deleted events that were known for long enough; false, when there are none.
    [[nodiscard]] virtual bool forget_keys(UnixMs now) = 0;

    /// Gives free space back to the file system; false, when there is none to be given.
    [[nodiscard]] virtual bool give_back_space() = 0;
};

}  // namespace storage
