#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/fault.h"
#include "sim/random.h"

namespace sim {

struct StormOptions {
    std::uint64_t seed = 1;
    std::chrono::nanoseconds mean_interval{0};
    std::vector<std::string> kinds;  ///< as fault texts name them; empty: all that a storm has
};

/// Reads "SEED,MEAN_INTERVAL" or "SEED,MEAN_INTERVAL,KIND+KIND…".
[[nodiscard]] base::Result<StormOptions> parse_storm(std::string_view text);

/// Random faults, the same for the same seed. They lose no event: whoever reads on after each of them, from
/// where they were, can have everything.
class Storm {
  public:
    Storm(StormOptions options, std::size_t nodes, std::chrono::nanoseconds begin);

    /// The next fault; its time is that of the one before plus a random interval (exponentially distributed).
    [[nodiscard]] ScheduledFault next();

  private:
    StormOptions options_;
    std::size_t nodes_;
    Random random_;
    std::chrono::nanoseconds now_;
};

/// What is to go wrong and when. Knows no clock: the caller tells the time.
class FaultSchedule {
  public:
    void add(ScheduledFault fault) { waiting_.push_back(std::move(fault)); }
    void set_storm(Storm storm);

    /// Takes out what is due by `now`, in order of time; a repeated fault stays in, for its next time after
    /// `now`.
    [[nodiscard]] std::vector<Fault> take_due(std::chrono::nanoseconds now);
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time() const;

    /// Forgets everything, the storm too.
    void clear();

  private:
    [[nodiscard]] Fault take_earliest(std::chrono::nanoseconds now);
    [[nodiscard]] std::vector<ScheduledFault>::iterator earliest_waiting();

    std::vector<ScheduledFault> waiting_;
    std::optional<Storm> storm_;
    std::optional<ScheduledFault> of_storm_;
};

}  // namespace sim
