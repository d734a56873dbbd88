#pragma once

#include <boost/container/small_vector.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/api_version.h"
#include "base/event_kind.h"

namespace base {

/// The sidecar's own event id: 1 or more, below 2^53, dense over all endpoints, never reused.
using EventId = std::uint64_t;
inline constexpr EventId kMaxEventId = (EventId{1} << 53) - 1;

/// A hash (32 bytes) or public key (33 or 34 bytes) without the hex; inline, so that a key costs no
/// allocation.
using KeyBytes = boost::container::small_vector<std::uint8_t, 40>;

/// By what an event is known as the same, within its kind. `first` is the block or deploy hash (or the era as
/// 8 bytes, big-endian), `second` the public key or empty.
struct NaturalKey {
    KeyBytes first;
    KeyBytes second;
    bool operator==(const NaturalKey&) const = default;
};

/// Where a node's stream has been read up to. A node's ids are u32 and start again when its storage is wiped:
/// the generation counts how often that was seen.
struct NodePosition {
    std::uint32_t event_id = 0;
    std::uint32_t generation = 0;
    bool operator==(const NodePosition&) const = default;
};

/// One event as a node sent it, classified, on its way to the log.
struct Event {
    Kind kind = Kind::ApiVersion;
    Filter filter = Filter::Main;
    NaturalKey key;

    /// What the queries of later readers need; empty where the kind has no such member.
    std::optional<std::uint64_t> height;
    std::optional<std::uint64_t> era;
    KeyBytes block_hash;
    KeyBytes account;

    /// Kind::ApiVersion only.
    ApiVersion api_version;

    /// The bytes of the `data` field exactly as the node sent them (several data lines joined by '\n').
    /// Not used for Kind::ApiVersion.
    std::string payload;

    /// Not 0: the payload already lies in the log under this number (see storage::EventLog::stage).
    std::uint64_t staged_payload = 0;

    /// The node's name as configured; empty for the sidecar's own events, which have no position.
    std::string node;
    NodePosition position;

    /// When its last byte was read from the socket.
    std::chrono::steady_clock::time_point received{};
};

using EventBatch = std::vector<Event>;

}  // namespace base
