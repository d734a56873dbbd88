#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>

namespace storage {

/// Lets a thread sleep until there is something to do. wake() from any thread.
class WakeUp {
  public:
    using Clock = std::chrono::steady_clock;

    void wake() {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
        }
        condition_.notify_one();
    }

    /// Returns after a wake(), at `until`, or when a stop is requested.
    void wait(const std::stop_token& stop, std::optional<Clock::time_point> until);

  private:
    std::mutex mutex_;
    std::condition_variable_any condition_;
    bool woken_ = false;
};

}  // namespace storage
