#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/event_kind.h"

namespace admin {

/// Two quantiles of a latency, in seconds; none: nothing was counted.
struct Latency {
    std::optional<double> p50;
    std::optional<double> p99;
};

/// What the plots show of one second.
struct Second {
    std::chrono::sys_seconds at;
    std::array<double, base::kKinds.size()> events{};  ///< a second, by kind
    Latency ingest;
    Latency delivery;
    double subscribers = 0;
};

/// The last ten minutes, a second each. In memory only: a restart begins anew. One thread only.
class DashboardHistory {
  public:
    static constexpr std::size_t kSeconds = 600;

    /// The oldest goes when there are more than kSeconds.
    void add(const Second& second);

    [[nodiscard]] const std::deque<Second>& seconds() const { return seconds_; }

    /// A list for each curve, all of one length, the newest last: {"time":[unix seconds],
    /// "events":{kind:[…]},"latency":{"ingest_p50":[…],…},"subscribers":[…]}.
    [[nodiscard]] nlohmann::ordered_json json() const;

  private:
    std::deque<Second> seconds_;
};

}  // namespace admin
