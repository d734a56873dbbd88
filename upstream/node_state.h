#pragma once

#include <cstdint>
#include <string_view>

namespace upstream {

/// Where a node's connection is in its life. docs/nodes.md draws the diagram.
enum class NodeState : std::uint8_t {
    Initializing,  ///< its version and network are being asked for
    Connecting,    ///< up to the ApiVersion of every endpoint that is required
    Running,
    Repairing,     ///< waits for the next attempt; it knows which state it came from
    Restarting,    ///< its configuration changed: the old connections end, new ones follow
    Suspending,    ///< its connections end
    Suspended,     ///< an operator's wish, or max_attempts = 0
    Defunct,       ///< its attempts are used up
    Incompatible,  ///< too old, or of another network; asked again slowly
    Deleting,      ///< its connections end
    Deleted,
};

/// Why a state was entered.
enum class NodeCause : std::uint8_t {
    Start,
    Probed,                ///< its version and network are right
    Connected,             ///< every endpoint that is required has sent its ApiVersion
    Closed,                ///< what was to be ended has ended
    TimePassed,            ///< the delay is over
    Command,               ///< of an operator
    ConfigurationChanged,  ///< SIGHUP
    Unreachable,           ///< /status: no connection, no answer, an HTTP error
    BadStatus,             ///< /status: an answer that tells no version
    StreamFailed,          ///< an endpoint refused, ended, or sent what it must not
    Silent,                ///< nothing came for no_message_timeout
    Stalled,               ///< no block came, while the other nodes advance
    Gap,                   ///< it no longer holds the event that was read last
    IdsRestarted,          ///< its event ids began again
    AttemptsUsedUp,
    TooOld,
    OtherNetwork,
};

/// What the node holds is to be read again from its beginning: no failure, and no delay.
[[nodiscard]] constexpr bool reads_anew(NodeCause cause) {
    return cause == NodeCause::Gap || cause == NodeCause::IdsRestarted;
}

/// In lower case with underscores, as histories and commands show them.
[[nodiscard]] std::string_view name_of(NodeState state);
[[nodiscard]] std::string_view name_of(NodeCause cause);

/// The table of transitions: whether the lifecycle can go from one state to the other.
[[nodiscard]] bool may_follow(NodeState from, NodeState to);

/// The value of node_statuses; `was_running`: the node was connected before.
[[nodiscard]] double gauge_value(NodeState state, bool was_running);

}  // namespace upstream
