#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/event_kind.h"
#include "upstream/node_gap.h"
#include "upstream/node_state.h"

namespace upstream {

/// What an operator is told of one node.
struct NodeReport {
    using Time = std::chrono::system_clock::time_point;

    std::string name;
    std::string ip_address;
    std::uint16_t sse_port = 0;
    std::uint16_t rest_port = 0;

    NodeState state = NodeState::Initializing;
    NodeState from = NodeState::Initializing;  ///< the state before
    NodeCause cause = NodeCause::Start;
    std::string message;        ///< of the cause, for failures
    Time since;                 ///< when the state was entered
    std::uint32_t attempt = 0;  ///< failures in a row
    std::uint32_t max_attempts = 0;
    std::optional<Time> next_attempt;
    std::string last_error;

    std::optional<std::uint64_t> height;  ///< of its newest block
    std::uint64_t blocks_behind = 0;      ///< behind the newest block of any node
    std::string build_version;            ///< empty: not known
    std::string network_name;             ///< likewise
    std::array<bool, base::kNodeFilterCount>
        connected{};  ///< by endpoint, in the order of base::kNodeFilters

    std::vector<NodeGap> gaps;  ///< of ids that were never read from it, the newest last

    // Conditions beside the state.
    bool partial = false;  ///< it runs with an endpoint missing
    bool lagging = false;  ///< its newest block is behind those of the others
    bool stalled = false;  ///< no block came for too long, while the others advance
};

}  // namespace upstream
