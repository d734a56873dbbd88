#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "base/event_kind.h"
#include "sim/logical_event.h"

namespace sim {

/// The newest events of one node, over its three endpoints together. A place in it is a position, which only
/// ever grows; an id is what subscribers see: a u32 that wraps, and begins again at 0 when the node is wiped.
class EventBuffer {
  public:
    struct Entry {
        EventPtr event;
        base::Filter filter;  ///< not always the event's own: a Shutdown goes to all three
    };

    EventBuffer(std::size_t capacity, std::uint32_t first_id)
        : capacity_(capacity), next_long_id_(first_id) {}

    /// Gives the event the next id; the oldest one falls out when the buffer is full.
    std::uint32_t append(EventPtr event, base::Filter filter);

    /// The positions held are [begin_position(), end_position()).
    [[nodiscard]] std::uint64_t begin_position() const { return end_position_ - entries_.size(); }
    [[nodiscard]] std::uint64_t end_position() const { return end_position_; }
    [[nodiscard]] const Entry& at(std::uint64_t position) const {
        return entries_[position - begin_position()];
    }
    /// The position after the newest event of this endpoint, which may have fallen out since.
    [[nodiscard]] std::uint64_t end_of(base::Filter filter) const {
        return ends_[static_cast<std::size_t>(filter)];
    }
    [[nodiscard]] std::uint32_t id_at(std::uint64_t position) const;
    [[nodiscard]] std::uint32_t next_id() const { return static_cast<std::uint32_t>(next_long_id_); }

    /// Where a subscriber begins. Inclusive; older than what is held: all of it; newer, or none: the end.
    [[nodiscard]] std::uint64_t position_for(std::optional<std::uint32_t> start_from) const;

    /// Forgets the events; ids go on.
    void clear() { entries_.clear(); }

    /// Ids begin at 0 again; events that are held are numbered anew.
    void reset_ids() { next_long_id_ = entries_.size(); }

  private:
    std::size_t capacity_;
    std::deque<Entry> entries_;
    std::uint64_t end_position_ = 0;
    std::array<std::uint64_t, base::kNodeFilterCount> ends_{};
    std::uint64_t next_long_id_;  ///< the next id, had it no bound of 32 bits
};

}  // namespace sim
