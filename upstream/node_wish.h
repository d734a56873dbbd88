#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "upstream/node_state.h"
#include "upstream/options.h"

namespace upstream {

/// What an operator wished of a node by a command. It outlives every restart, and wins over the configuration
/// file.
struct NodeWish {
    enum class Wish : std::uint8_t { Run, Suspended, Deleted };
    std::string node;
    Wish wish = Wish::Run;
    std::string configuration;           ///< of a node that a command added, as it is stored
    std::optional<NodeOptions> options;  ///< what that says
};

/// One step of a node's lifecycle, for its history.
struct NodeTransition {
    std::string node;
    std::chrono::system_clock::time_point at;
    NodeState from = NodeState::Initializing;
    NodeState to = NodeState::Initializing;
    NodeCause cause = NodeCause::Start;
    std::string message;
    std::uint32_t attempt = 0;
    std::optional<std::uint64_t> height;
    std::string build_version;
    std::string network_name;
};

}  // namespace upstream
