#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "support/follower.h"

namespace integration {

/// A subscriber on each of the nodes' three endpoints: together they get every event once.
struct NodeFollowers {
    explicit NodeFollowers(std::uint16_t port)
        : main(port, "/events/main"), deploys(port, "/events/deploys"), sigs(port, "/events/sigs") {}
    NodeFollowers(const std::vector<std::uint16_t>& ports, std::size_t events_a_visit)
        : main(ports, "/events/main", events_a_visit),
          deploys(ports, "/events/deploys", events_a_visit),
          sigs(ports, "/events/sigs", events_a_visit) {}

    [[nodiscard]] std::size_t count() const { return main.count() + deploys.count() + sigs.count(); }
    [[nodiscard]] std::vector<support::Received> together() const {
        auto all = main.received();
        for (const auto* other : {&deploys, &sigs}) {
            const auto more = other->received();
            all.insert(all.end(), more.begin(), more.end());
        }
        return all;
    }

    support::Follower main, deploys, sigs;
};

}  // namespace integration
