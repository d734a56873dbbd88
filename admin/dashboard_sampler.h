#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>

#include "admin/dashboard_history.h"
#include "base/event_kind.h"
#include "base/metrics.h"

namespace admin {

/// Reads the counters that the dashboard shows, without a lock, and makes rates of them. One thread only.
class DashboardSampler {
  public:
    /// Quantiles are of so many samples, so that a second without an event is no hole in a curve.
    static constexpr std::size_t kLatencySamples = 10;

    /// `metrics` must outlive it.
    explicit DashboardSampler(base::Metrics& metrics);

    using Steady = std::chrono::steady_clock::time_point;

    /// What happened since the last call, or since this object was made.
    [[nodiscard]] Second sample(std::chrono::sys_seconds at, Steady now = std::chrono::steady_clock::now());

    [[nodiscard]] double subscribers(base::Endpoint endpoint) const;

    /// Events that were ever handed on.
    [[nodiscard]] double events(base::Kind kind) const;

  private:
    using Counts = std::array<double, base::kKinds.size()>;

    /// The last readings of one histogram.
    class Window {
      public:
        explicit Window(const base::Histogram& histogram);
        [[nodiscard]] Latency next();

      private:
        const base::Histogram& histogram_;
        std::deque<base::Histogram::Reading> readings_;
    };

    [[nodiscard]] Counts read() const;

    std::array<const base::Counter*, base::kKinds.size()> kinds_{};
    std::array<const base::Gauge*, base::kEndpointCount> subscribers_{};
    Counts counts_{};
    Steady read_at_;
    Window ingest_;
    Window delivery_;
};

}  // namespace admin
