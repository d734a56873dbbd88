#include "sim/event_buffer.h"

namespace sim {

std::uint32_t EventBuffer::append(EventPtr event, base::Filter filter) {
    if (entries_.size() == capacity_) entries_.pop_front();
    entries_.push_back({std::move(event), filter});
    ends_[static_cast<std::size_t>(filter)] = ++end_position_;
    return static_cast<std::uint32_t>(next_long_id_++);
}

std::uint32_t EventBuffer::id_at(std::uint64_t position) const {
    return static_cast<std::uint32_t>(next_long_id_ - (end_position_ - position));
}

std::uint64_t EventBuffer::position_for(std::optional<std::uint32_t> start_from) const {
    if (!start_from || entries_.empty()) return end_position_;

    // Once ids have wrapped, one far above the newest is older than the wrap, not newer than everything.
    static constexpr std::uint64_t kRound = std::uint64_t{1} << 32U;
    const std::uint64_t newest = next_long_id_ - 1;
    std::uint64_t wanted = newest / kRound * kRound + *start_from;
    if (newest >= kRound && wanted > newest + kRound / 2) wanted -= kRound;

    const std::uint64_t oldest = next_long_id_ - entries_.size();
    if (wanted <= oldest) return begin_position();
    if (wanted > newest) return end_position_;
    return begin_position() + (wanted - oldest);
}

}  // namespace sim
