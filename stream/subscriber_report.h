#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/event.h"
#include "base/event_kind.h"

namespace stream {

/// Numbers the streams of a server since its start.
using SubscriberId = std::uint64_t;

/// What an operator is told of one stream.
struct SubscriberReport {
    enum class State : std::uint8_t {
        Live,           ///< it has everything
        ReplayingRing,  ///< the ring has what it lacks
        ReplayingLog,   ///< what it lacks is read from the log
        Blocked,        ///< its socket takes nothing for now
    };

    SubscriberId id = 0;
    base::Endpoint endpoint = base::Endpoint::Main;
    State state = State::Live;
    std::chrono::system_clock::time_point since;  ///< connected
    base::EventId next = 0;                       ///< everything below it, of its endpoint, is sent
    /// Events that it lacks. While the ring does not know: ids, of which its endpoint may have only some.
    std::uint64_t lag_events = 0;
    std::optional<std::uint64_t> lag_bytes;  ///< in chunks, uncompressed; none: the ring does not know
    boost::asio::ip::tcp::endpoint peer;     ///< unspecified: the connection is gone already
    bool encrypted = false;
};
using SubscriberReports = std::vector<SubscriberReport>;

}  // namespace stream
