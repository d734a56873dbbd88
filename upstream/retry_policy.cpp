#include "upstream/retry_policy.h"

#include <algorithm>
#include <utility>

namespace upstream {

using std::chrono::milliseconds;

RetryPolicy::RetryPolicy(const NodeOptions& options, Random random)
    : max_attempts_(options.max_attempts > 0 ? options.max_attempts : kAttemptsOnceResumed),
      strategy_(options.retry_strategy),
      delay_(options.delay_between_retries),
      max_delay_(options.max_delay_between_retries),
      healthy_reset_after_(options.healthy_reset_after),
      random_(std::move(random)) {}

std::optional<milliseconds> RetryPolicy::failed(Clock::time_point now) {
    if (end_connection(now)) return next_delay();
    ++failures_;
    if (failures_ >= max_attempts_) return std::nullopt;
    return next_delay();
}

void RetryPolicy::disconnected(Clock::time_point now) {
    static_cast<void>(end_connection(now));
}

/// Whether a healthy one ended.
bool RetryPolicy::end_connection(Clock::time_point now) {
    const auto since = std::exchange(connected_since_, std::nullopt);
    const bool healthy = since && now - *since >= healthy_reset_after_;
    if (healthy) failures_ = 0;
    return healthy;
}

void RetryPolicy::reset() {
    failures_ = 0;
    connected_since_.reset();
}

milliseconds RetryPolicy::next_delay() {
    if (strategy_ == NodeOptions::RetryStrategy::Fixed) return delay_;
    auto ceiling = std::min(delay_, max_delay_);
    for (std::uint32_t i = 1; i < failures_ && ceiling < max_delay_; ++i)
        ceiling = std::min(2 * ceiling, max_delay_);
    return milliseconds(static_cast<milliseconds::rep>(static_cast<double>(ceiling.count()) * random_()));
}

}  // namespace upstream
