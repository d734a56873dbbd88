#include "storage/batch.h"

#include <algorithm>
#include <vector>

namespace storage {

namespace {

std::int64_t milliseconds(auto duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

std::int64_t steady_to_unix_ms() {
    const auto steady = std::chrono::steady_clock::now().time_since_epoch();
    return milliseconds(std::chrono::system_clock::now().time_since_epoch()) - milliseconds(steady);
}

std::int64_t received_at(const base::Event& event, std::int64_t offset) {
    const bool stamped = event.received != std::chrono::steady_clock::time_point{};
    const auto received = stamped ? event.received : std::chrono::steady_clock::now();
    return milliseconds(received.time_since_epoch()) + offset;
}

void add_positions(Positions& positions, std::span<const base::Event> batch) {
    std::vector<const base::Event*> newest;
    for (auto event = batch.rbegin(); event != batch.rend(); ++event) {
        if (event->node.empty() || event->kind == base::Kind::ApiVersion) continue;
        const auto same_stream = [&](const base::Event* other) {
            return other->filter == event->filter && other->node == event->node;
        };
        if (std::ranges::none_of(newest, same_stream)) newest.push_back(&*event);
    }
    for (const auto* event : newest) {
        positions[{event->node, event->filter}] = {event->position, event->kind, event->key};
    }
}

}  // namespace storage
