#include "sim/delivery.h"

#include "sim/random.h"

namespace sim {

Delivery::Delivery(std::uint64_t seed, std::size_t nodes, std::chrono::nanoseconds max_skew)
    : seed_(seed), nodes_(nodes), max_skew_(max_skew) {}

void Delivery::publish(EventPtr event, std::chrono::nanoseconds when) {
    Random random(seed_, {'D', published_});
    const auto first = random.below(nodes_);
    for (std::size_t node = 0; node < nodes_; ++node) {
        const auto delay =
            node == first ? 0 : random.below(static_cast<std::uint64_t>(max_skew_.count()) + 1);
        travelling_.push({when + std::chrono::nanoseconds(delay), published_, node, event});
    }
    ++published_;
}

std::optional<Delivery::Arrival> Delivery::next(std::chrono::nanoseconds now) {
    if (travelling_.empty() || travelling_.top().when > now) return std::nullopt;
    const auto& top = travelling_.top();
    Arrival arrival{top.node, top.event};
    travelling_.pop();
    return arrival;
}

std::optional<std::chrono::nanoseconds> Delivery::next_time() const {
    if (travelling_.empty()) return std::nullopt;
    return travelling_.top().when;
}

}  // namespace sim
