#include "scripts.h"

#include <chrono>
#include <fmt/format.h>
#include <string>

#include "reading.h"
#include "upstream/natural_key.h"

namespace upstream::testing {

using namespace std::chrono_literals;

void Gate::open() {
    {
        const std::lock_guard lock(mutex_);
        is_open_ = true;
    }
    changed_.notify_all();
}

void Gate::wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, 10s, [this] { return is_open_; });
}

void only_version(const Peer& peer) {
    peer.begin_stream();
    peer.wait_until_closed();
}

/// A node whose main endpoint runs the script and whose others only stay open.
std::unique_ptr<FakeNode> node_with(FakeNode::Script main, bool ipv6) {
    auto node = std::make_unique<FakeNode>(ipv6);
    node->serve_status(kStatus);
    node->serve("/events/main", std::move(main));
    node->serve("/events/deploys", only_version);
    node->serve("/events/sigs", only_version);
    return node;
}

/// As a node answers: its events from start_from on, then nothing.
FakeNode::Script replaying(std::vector<std::pair<std::uint32_t, std::uint64_t>> steps) {
    return [steps = std::move(steps)](const Peer& peer) {
        std::string events;
        for (const auto& [id, era] : steps) {
            if (id >= peer.start_from()) events += fmt::format("data:{}\nid:{}\n\n", step(era), id);
        }
        peer.begin_stream();
        peer.send(events);
        peer.wait_until_closed();
    };
}

ResumePoint resume_at(std::uint32_t id, std::uint64_t era, std::uint32_t generation) {
    return {.position = {.event_id = id, .generation = generation},
            .kind = base::Kind::Step,
            .key = {.first = key_of_number(era), .second = {}}};
}

}  // namespace upstream::testing
