#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "storage/wake_up.h"

namespace storage {

/// A log's own thread: it does what there is to do of several kinds of work, in small steps, and tries again
/// when the database fails.
class Maintenance {
  public:
    using Time = std::optional<WakeUp::Clock::time_point>;

    /// One kind of work. `step` does a part of it; when to call again, if not only after a wake(). An error
    /// is told at the beginning and at the end of an outage, damage every ten minutes; tries are spaced by a
    /// back-off.
    struct Task {
        std::string_view name;
        base::Counter& failures;
        std::function<base::Result<Time>()> step;
        /// At the end: once more, whatever the back-off; what it cannot do is given up.
        std::function<base::Result<void>()> finish{};
    };

    /// `idle`: called when nothing is due; true, if it did something and is to be called again.
    Maintenance(WakeUp& wake_up, std::vector<Task> tasks, std::function<bool()> idle, base::Log log);

  private:
    using Clock = WakeUp::Clock;

    struct Work {
        Task task;
        Time failing_since{};
        bool told = false;
        Time damage_told_at{};
        Clock::duration delay{};
        Clock::time_point next_try{};
    };

    void run(const std::stop_token& stop);
    [[nodiscard]] Time attempt(Work& work);
    void failed(Work& work, const base::Error& error);
    void tell_of_damage(Work& work, const base::Error& error);
    void succeeded(Work& work);
    void finish();

    WakeUp& wake_up_;
    std::vector<Work> works_;
    std::function<bool()> idle_;
    base::Log log_;
    std::jthread thread_;  // last: it uses all the others
};

}  // namespace storage
