#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/event.h"
#include "base/event_traits.h"
#include "base/result.h"

namespace storage {

/// The ids that the log holds: [oldest, next). Empty: oldest == next.
struct Range {
    base::EventId oldest = 1;
    base::EventId next = 1;
    [[nodiscard]] bool empty() const { return oldest == next; }
    [[nodiscard]] base::EventId newest() const { return next - 1; }
};

/// One event as the log gives it back.
struct StoredEvent {
    base::EventId id = 0;
    base::Kind kind = base::Kind::BlockAdded;
    base::Filter filter = base::Filter::Main;
    base::ApiVersion api_version;  ///< the greatest known when it was appended
    std::string payload;
    bool foreign = false;  ///< another instance's own event: its id counts, but it is not served here
    std::optional<std::uint64_t> height;  ///< of a block
    base::EventTraits traits{};
};

/// Events of one endpoint, ids ascending.
struct Page {
    std::vector<StoredEvent> events;
    base::EventId next =
        0;  ///< every event of the endpoint below this id and from the asked one on is in `events`
};

struct ReadRequest {
    std::optional<base::Endpoint> endpoint;  ///< none: every event
    base::EventId from = 1;                  ///< inclusive
    base::EventId to = base::kMaxEventId;    ///< exclusive
    std::size_t max_events = 256;
    std::size_t max_bytes = 1 << 20;  ///< of payload; the first event is given whatever its size
};

/// What can be read of a log, also beside the sidecar that writes it.
class EventReader {
  public:
    virtual ~EventReader() = default;

    /// The log's UUID, made when the log was created.
    [[nodiscard]] virtual std::string feed_id() const = 0;

    /// The network whose events it holds; empty until the first append with a name.
    [[nodiscard]] virtual std::string network_name() const = 0;

    /// The ids that are held. Any thread, never blocks on the database.
    [[nodiscard]] virtual Range range() const = 0;

    /// Any thread; blocks on the database. No read transaction outlives the call.
    [[nodiscard]] virtual base::Result<Page> read(const ReadRequest& request) const = 0;

    /// The newest events of all endpoints, ids ascending: at most so many and so many bytes of payload, the
    /// newest whatever its size. Any thread.
    [[nodiscard]] virtual base::Result<std::vector<StoredEvent>> read_newest(std::size_t max_events,
                                                                             std::size_t max_bytes) const = 0;
};

}  // namespace storage
