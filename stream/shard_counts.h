#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/event_kind.h"
#include "stream/ring.h"

namespace stream {

/// What one shard counts of its work. Its own thread writes, any reads, without a lock; on cache lines of its
/// own, so that shards that count at the same time do not get in each other's way.
class alignas(64) ShardCounts {
  public:
    using Number = std::uint64_t;

    struct Delivered {
        Number events = 0;
        Number bytes = 0;  ///< of the streams, framing and keep-alives included
    };
    struct RingState {
        Number events = 0;
        Number bytes = 0;
        base::EventId first = 0;  ///< every event from this id on is in the ring
        base::EventId next = 0;
    };

    void delivered(base::Endpoint endpoint, Number events, Number bytes) {
        auto& lane = lanes_[static_cast<std::size_t>(endpoint)];
        add(lane.events, events);
        add(lane.bytes, bytes);
    }
    void replay() { add(replays_, 1); }
    void ring_is(const Ring& ring) {
        set(ring_.events, ring.size());
        set(ring_.bytes, ring.bytes());
        set(ring_.first, ring.first_id());
        set(ring_.next, ring.next_id());
    }

    [[nodiscard]] Delivered delivered(base::Endpoint endpoint) const {
        const auto& lane = lanes_[static_cast<std::size_t>(endpoint)];
        return {get(lane.events), get(lane.bytes)};
    }
    /// How often a subscriber went over from the ring to the log, or began there.
    [[nodiscard]] Number replays() const { return get(replays_); }
    /// Of about one moment.
    [[nodiscard]] RingState ring() const {
        return {get(ring_.events), get(ring_.bytes), get(ring_.first), get(ring_.next)};
    }

  private:
    using Cell = std::atomic<Number>;
    struct Lane {
        Cell events = 0;
        Cell bytes = 0;
    };
    struct RingCells {
        Cell events = 0;
        Cell bytes = 0;
        Cell first = 0;
        Cell next = 0;
    };

    [[nodiscard]] static Number get(const Cell& cell) { return cell.load(std::memory_order_relaxed); }
    static void set(Cell& cell, Number value) { cell.store(value, std::memory_order_relaxed); }
    /// One writer needs no atomic addition.
    static void add(Cell& cell, Number value) { set(cell, get(cell) + value); }

    std::array<Lane, base::kEndpointCount> lanes_;
    Cell replays_ = 0;
    RingCells ring_;
};

}  // namespace stream
