#include "upstream/node_lifecycle.h"

#include <stdexcept>
#include <utility>

namespace upstream {

using enum NodeState;

NodeLifecycle::NodeLifecycle(const NodeOptions& options, bool suspended, RetryPolicy::Random random,
                             OnTransition on_transition)
    : random_(std::move(random)),
      on_transition_(std::move(on_transition)),
      retries_(options, random_),
      defunct_retry_after_(options.defunct_retry_after),
      state_(suspended ? Suspended : Initializing),
      from_(state_) {}

NodeLifecycle::Work NodeLifecycle::work() const {
    switch (state_) {
        case Initializing:
        case Connecting:
        case Running:
            return Work::Attempt;
        case Repairing:
            return waits() ? Work::Wait : Work::Attempt;
        case Restarting:
            return closing_ ? Work::Close : Work::Attempt;
        case Suspending:
        case Deleting:
            return Work::Close;
        case Suspended:
            return Work::Rest;
        case Defunct:
            return waits() ? Work::Wait : Work::Rest;
        case Incompatible:
            return look_ ? Work::Look : Work::Wait;
        case Deleted:
            return Work::End;
    }
    return Work::End;
}

bool NodeLifecycle::is_attempting() const {
    return work() == Work::Attempt;
}

void NodeLifecycle::probed() {
    if (state_ == Incompatible && look_) return begin(NodeCause::Probed);
    // A node that is being repaired stays so until it runs again.
    const bool goes_on = state_ == Initializing || (state_ == Restarting && !closing_);
    if (goes_on) enter(Connecting, NodeCause::Probed);
}

void NodeLifecycle::connected(Clock::time_point now) {
    if (!is_attempting() || state_ == Running) return;
    retries_.connected(now);
    was_running_ = true;
    enter(Running, NodeCause::Connected);
}

void NodeLifecycle::failed(NodeCause cause, std::string message, Clock::time_point now) {
    if (state_ == Incompatible && look_) {
        look_ = false;
        return wait_until(now + kIncompatibleRetry);
    }
    if (!is_attempting()) return;
    last_error_ = message;
    const auto delay = retries_.failed(now);
    enter(Repairing, cause, std::move(message), delay.value_or(std::chrono::milliseconds(0)));
    if (delay) return wait_until(now + *delay);
    enter(Defunct, NodeCause::AttemptsUsedUp, last_error_);
    if (defunct_retry_after_.count() > 0) wait_until(now + defunct_retry_after_);
}

void NodeLifecycle::read_anew(NodeCause cause, std::string message, Clock::time_point now) {
    if (!is_attempting()) return;
    retries_.disconnected(now);
    enter(Repairing, cause, std::move(message));
}

void NodeLifecycle::incompatible(NodeCause cause, std::string message, Clock::time_point now) {
    const bool still = state_ == Incompatible && look_;
    if (!still && !is_attempting()) return;
    last_error_ = message;
    if (!still) enter(Incompatible, cause, std::move(message));
    look_ = false;
    wait_until(now + kIncompatibleRetry);
}

void NodeLifecycle::closed() {
    if (state_ == Suspending) enter(Suspended, NodeCause::Closed);
    if (state_ == Deleting) enter(Deleted, NodeCause::Closed);
    closing_ = false;
}

void NodeLifecycle::time_passed() {
    if (!waits()) return;
    wait_until(Clock::time_point::max());
    if (state_ == Incompatible) look_ = true;
    if (state_ == Defunct) begin(NodeCause::TimePassed);
    if (state_ == Repairing && (from_ == Initializing || from_ == Connecting))
        enter(from_, NodeCause::TimePassed);
}

void NodeLifecycle::suspend() {
    if (may_follow(state_, Suspending)) enter(Suspending, NodeCause::Command);
}

void NodeLifecycle::resume() {
    if (state_ == Suspended || state_ == Defunct || state_ == Incompatible) begin(NodeCause::Command);
}

void NodeLifecycle::remove() {
    if (may_follow(state_, Deleting)) enter(Deleting, NodeCause::Command);
}

void NodeLifecycle::reconfigure(const NodeOptions& options) {
    retries_ = RetryPolicy(options, random_);
    defunct_retry_after_ = options.defunct_retry_after;
    if (!may_follow(state_, Restarting)) return;
    enter(Restarting, NodeCause::ConfigurationChanged);
    closing_ = true;
}

std::optional<NodeLifecycle::Clock::time_point> NodeLifecycle::next_attempt() const {
    return waits() ? std::optional(wake_at_) : std::nullopt;
}

bool NodeLifecycle::unavailable() const {
    return state_ == Incompatible || state_ == Defunct;
}

void NodeLifecycle::begin(NodeCause cause) {
    retries_.reset();
    enter(Initializing, cause);
}

void NodeLifecycle::enter(NodeState to, NodeCause cause, std::string message,
                          std::chrono::milliseconds delay) {
    if (!may_follow(state_, to)) throw std::logic_error("a transition that is not in the table");
    const Transition transition{.from = state_,
                                .to = to,
                                .cause = cause,
                                .message = message,
                                .attempt = retries_.failures(),
                                .delay = delay};
    // A repair that fails is still the repair of the same state.
    if (state_ != Repairing || to != Repairing) from_ = state_;
    state_ = to;
    cause_ = cause;
    message_ = std::move(message);
    look_ = false;
    wait_until(Clock::time_point::max());
    if (on_transition_) on_transition_(transition);
}

}  // namespace upstream
