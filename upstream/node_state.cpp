#include "upstream/node_state.h"

#include <array>
#include <cstdint>

namespace upstream {

namespace {

using enum NodeState;

/// A set of states: a bit each.
using States = std::uint16_t;

template <typename... State>
constexpr States states(State... state) {
    return static_cast<States>((0U | ... | (1U << static_cast<unsigned>(state))));
}

struct Row {
    std::string_view name;
    double gauge;
    States next;
};

/// A row for each state, in the order of the enumeration.
constexpr std::array kRows{
    Row{"initializing", 0, states(Connecting, Repairing, Incompatible, Restarting, Suspending, Deleting)},
    Row{"connecting", 1, states(Running, Repairing, Incompatible, Restarting, Suspending, Deleting)},
    Row{"running", 2, states(Repairing, Restarting, Suspending, Deleting)},
    Row{"repairing", 3,
        states(Initializing, Connecting, Running, Repairing, Incompatible, Defunct, Restarting, Suspending,
               Deleting)},
    Row{"restarting", 3, states(Connecting, Repairing, Incompatible, Suspending, Deleting)},
    Row{"suspending", 0, states(Suspended, Deleting)},
    Row{"suspended", 0, states(Initializing, Deleting)},
    Row{"defunct", -1, states(Initializing, Restarting, Suspending, Deleting)},
    Row{"incompatible", -2, states(Initializing, Restarting, Suspending, Deleting)},
    Row{"deleting", 0, states(Deleted)},
    Row{"deleted", 0, states()},
};
static_assert(kRows.size() == static_cast<std::size_t>(Deleted) + 1);

const Row& row_of(NodeState state) {
    return kRows[static_cast<std::size_t>(state)];
}

constexpr double kGaugeConnecting = 1;

}  // namespace

std::string_view name_of(NodeState state) {
    return row_of(state).name;
}

std::string_view name_of(NodeCause cause) {
    switch (cause) {
        case NodeCause::Start:
            return "start";
        case NodeCause::Probed:
            return "probed";
        case NodeCause::Connected:
            return "connected";
        case NodeCause::Closed:
            return "closed";
        case NodeCause::TimePassed:
            return "time_passed";
        case NodeCause::Command:
            return "command";
        case NodeCause::ConfigurationChanged:
            return "configuration_changed";
        case NodeCause::Unreachable:
            return "unreachable";
        case NodeCause::BadStatus:
            return "bad_status";
        case NodeCause::StreamFailed:
            return "stream_failed";
        case NodeCause::Silent:
            return "silent";
        case NodeCause::Stalled:
            return "stalled";
        case NodeCause::Gap:
            return "gap";
        case NodeCause::IdsRestarted:
            return "ids_restarted";
        case NodeCause::AttemptsUsedUp:
            return "attempts_used_up";
        case NodeCause::TooOld:
            return "too_old";
        case NodeCause::OtherNetwork:
            return "other_network";
    }
    return "unknown";
}

bool may_follow(NodeState from, NodeState to) {
    return (row_of(from).next & states(to)) != 0;
}

double gauge_value(NodeState state, bool was_running) {
    if (state == Repairing && !was_running) return kGaugeConnecting;
    return row_of(state).gauge;
}

}  // namespace upstream
