#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <vector>

#include "sim/logical_event.h"

namespace sim {

/// How the chain's events travel to the nodes: one node, a different one each time, has an event at once, the
/// others up to `max_skew` later, and so in another order. Which and when depends on the seed and the event's
/// number alone.
class Delivery {
  public:
    struct Arrival {
        std::size_t node;
        EventPtr event;
    };

    Delivery(std::uint64_t seed, std::size_t nodes, std::chrono::nanoseconds max_skew);

    /// Takes an event that happened at `when`. Times never go back.
    void publish(EventPtr event, std::chrono::nanoseconds when);

    /// The next event that has reached a node by `now`; all nodes' arrivals in order of time.
    [[nodiscard]] std::optional<Arrival> next(std::chrono::nanoseconds now);

    /// When the next one will arrive.
    [[nodiscard]] std::optional<std::chrono::nanoseconds> next_time() const;
    [[nodiscard]] std::size_t pending() const { return travelling_.size(); }

  private:
    struct Travelling {
        std::chrono::nanoseconds when;
        std::uint64_t number;  ///< keeps the order of those that arrive together
        std::size_t node;
        EventPtr event;

        bool operator>(const Travelling& other) const {
            return when != other.when ? when > other.when : number > other.number;
        }
    };

    std::uint64_t seed_;
    std::size_t nodes_;
    std::chrono::nanoseconds max_skew_;
    std::uint64_t published_ = 0;
    std::priority_queue<Travelling, std::vector<Travelling>, std::greater<>> travelling_;
};

}  // namespace sim
