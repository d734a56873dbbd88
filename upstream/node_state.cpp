#include "upstream/node_state.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace upstream {

namespace {

using enum NodeState;

struct Row {
    NodeState state;
    std::string_view name;
    double gauge;
    std::initializer_list<NodeState> next;
};

constexpr std::array kRows{
    Row{Initializing,
        "initializing",
        0,
        {Connecting, Repairing, Incompatible, Restarting, Suspending, Deleting}},
    Row{Connecting, "connecting", 1, {Running, Repairing, Incompatible, Restarting, Suspending, Deleting}},
    Row{Running, "running", 2, {Repairing, Restarting, Suspending, Deleting}},
    Row{Repairing,
        "repairing",
        3,
        {Initializing, Connecting, Running, Repairing, Incompatible, Defunct, Restarting, Suspending,
         Deleting}},
    Row{Restarting, "restarting", 3, {Connecting, Repairing, Incompatible, Suspending, Deleting}},
    Row{Suspending, "suspending", 0, {Suspended, Deleting}},
    Row{Suspended, "suspended", 0, {Initializing, Deleting}},
    Row{Defunct, "defunct", -1, {Initializing, Restarting, Suspending, Deleting}},
    Row{Incompatible, "incompatible", -2, {Initializing, Restarting, Suspending, Deleting}},
    Row{Deleting, "deleting", 0, {Deleted}},
    Row{Deleted, "deleted", 0, {}},
};

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
    return std::ranges::count(row_of(from).next, to) != 0;
}

double gauge_value(NodeState state, bool was_running) {
    if (state == Repairing && !was_running) return kGaugeConnecting;
    return row_of(state).gauge;
}

}  // namespace upstream
