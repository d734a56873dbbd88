#pragma once

// A node's state machine, and the clock that a test moves.

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "upstream/node_lifecycle.h"

namespace upstream::by_hand {

using namespace std::chrono_literals;
using enum NodeState;
using Work = NodeLifecycle::Work;
using Clock = NodeLifecycle::Clock;

inline constexpr std::array kStates{Initializing, Connecting, Running,      Repairing, Restarting, Suspending,
                                    Suspended,    Defunct,    Incompatible, Deleting,  Deleted};

/// A lifecycle, its clock, and the transitions that it made.
class Node {
  public:
    explicit Node(NodeOptions options = {}, bool suspended = false)
        : options_(std::move(options)),
          lifecycle_(
              options_, suspended, [] { return 0.5; },
              [this](const NodeLifecycle::Transition& transition) { transitions_.push_back(transition); }) {}

    NodeLifecycle* operator->() { return &lifecycle_; }
    Clock::time_point now = Clock::time_point() + 1000h;

    Node& initializing() { return *this; }
    Node& connecting() {
        lifecycle_.probed();
        return *this;
    }
    Node& running() {
        connecting();
        lifecycle_.connected(now);
        return *this;
    }
    Node& fail(NodeCause cause = NodeCause::StreamFailed) {
        lifecycle_.failed(cause, "it failed", now);
        return *this;
    }
    Node& incompatible() {
        lifecycle_.incompatible(NodeCause::TooOld, "too old", now);
        return *this;
    }
    Node& defunct() {
        while (lifecycle_.state() != Defunct) fail().wait();
        return *this;
    }
    /// Moves the clock to the time that it waits for, if it does.
    Node& wait() {
        if (lifecycle_.work() != Work::Wait) return *this;
        now = lifecycle_.wake_at();
        lifecycle_.time_passed();
        return *this;
    }
    Node& close() {
        lifecycle_.closed();
        return *this;
    }
    [[nodiscard]] const std::vector<NodeLifecycle::Transition>& transitions() const { return transitions_; }
    [[nodiscard]] const NodeOptions& options() const { return options_; }

  private:
    NodeOptions options_;
    std::vector<NodeLifecycle::Transition> transitions_;
    NodeLifecycle lifecycle_;
};

inline NodeOptions with(std::uint32_t max_attempts, std::chrono::seconds delay = 5s) {
    NodeOptions options;
    options.name = "a";
    options.max_attempts = max_attempts;
    options.delay_between_retries = delay;
    return options;
}

/// Brings a new node into the state.
inline void bring(Node& node, NodeState state) {
    switch (state) {
        case Initializing:
            return;
        case Connecting:
            node.connecting();
            return;
        case Running:
            node.running();
            return;
        case Repairing:
            node.running().fail();
            return;
        case Restarting:
            node.running()->reconfigure(node.options());
            return;
        case Suspending:
            node.running()->suspend();
            return;
        case Suspended:
            node.running()->suspend();
            node.close();
            return;
        case Defunct:
            node.defunct();
            return;
        case Incompatible:
            node.incompatible();
            return;
        case Deleting:
            node.running()->remove();
            return;
        case Deleted:
            node.running()->remove();
            node.close();
            return;
    }
}

}  // namespace upstream::by_hand
