#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/event_kind.h"

namespace sim {

/// What a node's /status tells of the newest block.
struct BlockInfo {
    std::string hash;
    std::string timestamp;
    std::string state_root_hash;
    std::string creator;
    std::uint64_t era = 0;
    std::uint64_t height = 0;
};

/// One event of the chain, before any node has given it an id. All nodes share it.
struct LogicalEvent {
    base::Kind kind = base::Kind::FinalitySignature;
    base::Filter filter = base::Filter::Sigs;  ///< the endpoint that sends it
    std::string payload;
    std::chrono::nanoseconds due{0};         ///< on the chain's own time scale, which begins at 0
    std::shared_ptr<const BlockInfo> block;  ///< BlockAdded only
};

using EventPtr = std::shared_ptr<const LogicalEvent>;

/// Where events come from, in order of their `due`.
class EventSource {
  public:
    EventSource() = default;
    EventSource(const EventSource&) = delete;
    EventSource& operator=(const EventSource&) = delete;
    virtual ~EventSource() = default;

    /// The next event, or nothing when there will be no more.
    [[nodiscard]] virtual std::optional<LogicalEvent> next() = 0;
};

}  // namespace sim
