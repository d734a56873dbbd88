#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "upstream/options.h"

namespace upstream {

/// How often and after what delays one node is tried again. Failures count in a row: the end of a connection
/// that was healthy, that is to say lasted for `healthy_reset_after`, is none, and wipes out those before.
class RetryPolicy {
  public:
    using Clock = std::chrono::steady_clock;
    /// Gives numbers from 0 to below 1.
    using Random = std::function<double()>;

    /// Of a node with max_attempts = 0, which is connected only when an operator resumes it.
    static constexpr std::uint32_t kAttemptsOnceResumed = 10;

    RetryPolicy(const NodeOptions& options, Random random);

    /// The node is fully connected from now on.
    void connected(Clock::time_point now) { connected_since_ = now; }

    /// The connection ended, and that is no failure.
    void disconnected(Clock::time_point now);

    /// An attempt failed, or the connection was lost: the delay before the next attempt, or none if this was
    /// the last. Exponential: uniform between 0 and delay × 2^(failures - 1), capped ("full jitter").
    [[nodiscard]] std::optional<std::chrono::milliseconds> failed(Clock::time_point now);

    void reset();

    /// Failures in a row so far.
    [[nodiscard]] std::uint32_t failures() const { return failures_; }
    [[nodiscard]] std::uint32_t max_attempts() const { return max_attempts_; }

  private:
    [[nodiscard]] bool end_connection(Clock::time_point now);
    [[nodiscard]] std::chrono::milliseconds next_delay();

    std::uint32_t max_attempts_;
    NodeOptions::RetryStrategy strategy_;
    std::chrono::milliseconds delay_;
    std::chrono::milliseconds max_delay_;
    std::chrono::seconds healthy_reset_after_;
    Random random_;
    std::uint32_t failures_ = 0;
    std::optional<Clock::time_point> connected_since_;
};

}  // namespace upstream
