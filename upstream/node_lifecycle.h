#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "upstream/node_state.h"
#include "upstream/options.h"
#include "upstream/retry_policy.h"

namespace upstream {

/// The state machine of one node, and the one place that decides about retries. It opens nothing and waits
/// for nothing: the connection asks for the work() to do and reports what came of it, with the time; commands
/// change the state at any moment, and what an older piece of work reports after that is ignored. One thread.
class NodeLifecycle {
  public:
    using Clock = std::chrono::steady_clock;

    struct Transition {
        NodeState from;
        NodeState to;
        NodeCause cause;
        std::string message;
        std::uint32_t attempt;            ///< failures in a row
        std::chrono::milliseconds delay;  ///< to Repairing: until the next attempt
    };
    using OnTransition = std::function<void(const Transition&)>;

    enum class Work : std::uint8_t {
        Attempt,  ///< ask for version and network, connect, read until that fails
        Look,     ///< ask for version and network only: whether the node may be read by now
        Close,    ///< nothing may be open any more; then closed()
        Wait,     ///< until wake_at(); then time_passed()
        Rest,     ///< until a command
        End,
    };

    /// How often an incompatible node is looked at.
    static constexpr std::chrono::seconds kIncompatibleRetry{60};

    /// Begins as Suspended, or as Initializing.
    NodeLifecycle(const NodeOptions& options, bool suspended, RetryPolicy::Random random,
                  OnTransition on_transition);

    [[nodiscard]] Work work() const;
    [[nodiscard]] Clock::time_point wake_at() const { return wake_at_; }

    // What came of the work.
    void probed();
    void connected(Clock::time_point now);
    void failed(NodeCause cause, std::string message, Clock::time_point now);
    /// What the node holds is to be read again from its beginning: no failure, and no delay.
    void read_anew(NodeCause cause, std::string message, Clock::time_point now);
    void incompatible(NodeCause cause, std::string message, Clock::time_point now);
    void closed();
    void time_passed();

    // Commands. What makes no sense in a state changes nothing.
    void suspend();
    void resume();
    void remove();
    void reconfigure(const NodeOptions& options);

    [[nodiscard]] NodeState state() const { return state_; }
    /// While it is Repairing: the state that it goes back to. Else the state before.
    [[nodiscard]] NodeState from() const { return from_; }
    [[nodiscard]] NodeCause cause() const { return cause_; }
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] const std::string& last_error() const { return last_error_; }
    [[nodiscard]] std::uint32_t failures() const { return retries_.failures(); }
    [[nodiscard]] std::uint32_t max_attempts() const { return retries_.max_attempts(); }
    [[nodiscard]] std::optional<Clock::time_point> next_attempt() const;

    /// Defunct or incompatible.
    [[nodiscard]] bool unavailable() const;
    [[nodiscard]] double gauge() const { return gauge_value(state_, was_running_); }

  private:
    void enter(NodeState to, NodeCause cause, std::string message = {}, std::chrono::milliseconds delay = {});
    void begin(NodeCause cause);
    void wait_until(Clock::time_point when) { wake_at_ = when; }
    [[nodiscard]] bool is_attempting() const;
    [[nodiscard]] bool waits() const { return wake_at_ != Clock::time_point::max(); }

    RetryPolicy::Random random_;
    OnTransition on_transition_;
    RetryPolicy retries_;
    std::chrono::seconds defunct_retry_after_;

    NodeState state_;
    NodeState from_;
    NodeCause cause_ = NodeCause::Start;
    std::string message_;
    std::string last_error_;
    bool was_running_ = false;
    bool closing_ = false;  ///< Restarting: the old connections are not closed yet
    bool look_ = false;     ///< Incompatible: it is time to look
    Clock::time_point wake_at_ = Clock::time_point::max();
};

}  // namespace upstream
