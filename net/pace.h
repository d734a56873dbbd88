#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace net {

/// A token bucket, kept as the time at which it would be full. It holds a second's worth and a fifth of a
/// token: who comes at exactly this pace, but now and then a little late, as Prometheus does, is not held up
/// ever longer.
class Pace {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Pace(std::uint32_t per_second)
        : interval_(Clock::duration(std::chrono::seconds(1)) / per_second),
          slack_(std::chrono::seconds(1) - interval_ + interval_ / 5) {}

    /// When the next token is there.
    [[nodiscard]] Clock::time_point next() const { return full_ - slack_; }
    void take(Clock::time_point now) { full_ = std::max(full_, now) + interval_; }
    /// When the one behind so many others gets its token, at the earliest.
    [[nodiscard]] Clock::time_point next_behind(std::size_t others) const {
        return next() + interval_ * static_cast<Clock::rep>(others);
    }

  private:
    Clock::duration interval_;
    Clock::duration slack_;
    Clock::time_point full_{};
};

}  // namespace net
