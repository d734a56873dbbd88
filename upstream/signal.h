#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "base/as_tuple.h"

namespace upstream {

/// Wakes one waiting coroutine of the same thread. A notify() that nobody waits for is kept for the next
/// wait.
class Signal {
  public:
    using Clock = std::chrono::steady_clock;

    explicit Signal(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    void notify() {
        is_set_ = true;
        timer_.cancel();
    }

    /// Returns at notify(), or when the time has come.
    [[nodiscard]] boost::asio::awaitable<void> wait_until(Clock::time_point when) {
        if (!is_set_) {
            timer_.expires_at(when);
            co_await timer_.async_wait(base::kAsTuple);
        }
        is_set_ = false;
    }

    [[nodiscard]] boost::asio::awaitable<void> wait() { return wait_until(Clock::time_point::max()); }

  private:
    boost::asio::steady_timer timer_;
    bool is_set_ = false;
};

}  // namespace upstream
