#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/event.h"
#include "base/result.h"
#include "storage/event_reader.h"

namespace storage {

struct Appended {
    /// One for each event of the batch, in order: its id, or 0 if it was known already (or was an
    /// ApiVersion).
    std::vector<base::EventId> ids;
    /// The greatest ApiVersion known before event i of the batch, and after the last: size() + 1 entries.
    std::vector<base::ApiVersion> versions;
};

/// Where the reading of one endpoint of one node goes on.
struct StoredPosition {
    base::NodePosition position;
    base::Kind kind = base::Kind::ApiVersion;  ///< of the event at that position
    base::NaturalKey key;                      ///< likewise
};
using NodeFilter = std::pair<std::string, base::Filter>;
using Positions = std::map<NodeFilter, StoredPosition>;

/// What a log takes, and what retention did.
struct LogUsage {
    std::uint64_t database_bytes = 0;  ///< on disk; of a server's database the whole
    std::uint64_t deleted_events = 0;  ///< by retention, since the log was opened
};

class EventFinder;
class NodeStore;

/// The truth: every event in order, durable, each with its id. The contract that every database form keeps.
/// Several instances may append to one log, where the database allows it: the ids of a batch are then dense
/// among themselves, but others' events may lie between two batches. Positions, wishes and histories of nodes
/// belong to an instance.
///
/// range(): as far as it is known here: after append() it covers the batch, and it grows as others' events
/// are learnt of.
class EventLog : public EventReader {
  public:
    /// The greatest ApiVersion ever appended, restarts included.
    [[nodiscard]] virtual base::ApiVersion api_version() const = 0;

    /// Gives the first event that will ever be stored this id. The publisher. Errors: Invalid, when the log
    /// was appended to before, in whatever process, as the id may have been given already. What range() says
    /// before, because of an old `sse_index` for instance, is no limit.
    [[nodiscard]] virtual base::Result<void> begin_at(base::EventId first) = 0;

    /// `grown`: called on a thread of the log whenever range() has grown without an append() of this
    /// instance. It must not block or call the log. To be set before the first append; an empty function ends
    /// it: once that call is back, the former one is not called any more. A log that one instance owns never
    /// calls it.
    virtual void watch(std::function<void()> grown) = 0;

    /// What is known of the nodes, in the same database. Lives as long as the log, whose destructor writes
    /// what still waits to be written.
    [[nodiscard]] virtual NodeStore& nodes() = 0;

    /// Finds events by what they say. Lives as long as the log; any thread.
    [[nodiscard]] virtual const EventFinder& finder() const = 0;

    /// As far as it is known: does not wait for the database. Any thread.
    [[nodiscard]] virtual LogUsage usage() const = 0;

    /// As of start-up; used once, before the first append.
    [[nodiscard]] virtual Positions positions() const = 0;

    /// Stores what is new of the batch, in order, with dense ids, together with the positions of the nodes
    /// and the network's name, in one transaction: when it returns, it is durable. All or nothing: on an
    /// error the log is unchanged and the same batch can be tried again; or, where the connection to the
    /// database was lost, it may have been stored all the same: tried again, its events are known, and
    /// range() then covers them. Positions of a batch without anything new may be stored with a later one. An
    /// event whose network differs from the log's is an error of category Invalid. One thread only, the
    /// publisher.
    [[nodiscard]] virtual base::Result<Appended> append(std::span<const base::Event> batch,
                                                        std::string_view network_name) = 0;

    /// Stores positions that append() kept back. The publisher only: when idle, and before a clean end.
    [[nodiscard]] virtual base::Result<void> flush() = 0;

    /// Brings a large payload into the log ahead of its event, in small transactions between the appends, so
    /// that append() has only to refer to it. Calls `done` on the log's own thread, once it is durable, with
    /// the number for Event::staged_payload; with 0 when an event of this kind and key is in the log already
    /// (its payload is then not needed any more). The same kind and key being staged already gives the same
    /// number. Retries by itself while the database fails; `done` is dropped unanswered only when the log is
    /// destroyed. Any thread.
    using Staged = std::function<void(std::uint64_t staged_payload)>;
    virtual void stage(std::shared_ptr<const base::Event> event, Staged done) = 0;
};

/// Payloads above this size are staged before they are appended.
inline constexpr std::size_t kLargePayload = std::size_t{1} << 20;

}  // namespace storage
