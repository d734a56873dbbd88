#include "server/stream_wiring.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <utility>

namespace server {

namespace {

namespace ip = boost::asio::ip;

std::string_view name_of(stream::SubscriberReport::State state) {
    using State = stream::SubscriberReport::State;
    switch (state) {
        case State::Live:
            return "live";
        case State::ReplayingRing:
            return "replaying_from_memory";
        case State::ReplayingLog:
            return "replaying_from_storage";
        case State::Blocked:
            return "blocked";
    }
    return "unknown";
}

/// An IPv4 client of a socket that takes IPv6, too, has a mapped address.
std::string address_of(const ip::tcp::endpoint& peer) {
    if (peer.port() == 0) return {};
    auto address = peer.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        address = ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address.is_v6() ? fmt::format("[{}]:{}", address.to_string(), peer.port())
                           : fmt::format("{}:{}", address.to_string(), peer.port());
}

admin::SubscriberReport shown(const stream::SubscriberReport& report) {
    return {.id = report.id,
            .endpoint = base::endpoint_path(report.endpoint),
            .state = name_of(report.state),
            .since = report.since,
            .next_id = report.next,
            .lag_events = report.lag_events,
            .lag_bytes = report.lag_bytes,
            .address = address_of(report.peer),
            .encrypted = report.encrypted};
}

}  // namespace

void StreamWiring::report(std::function<void(Subscribers)> answer) {
    streams_.report([answer = std::move(answer)](const stream::SubscriberReports& reports) {
        Subscribers subscribers;
        subscribers.reserve(reports.size());
        for (const auto& report : reports) subscribers.push_back(shown(report));
        answer(std::move(subscribers));
    });
}

void StreamWiring::close(std::uint64_t id, std::function<void(bool)> answer) {
    streams_.close(id, std::move(answer));
}

admin::DrainReport StreamWiring::drain_report() const {
    admin::DrainReport report;
    report.subscribers = streams_.subscribers();
    if (const auto drain = streams_.drain_under_way()) {
        report.draining = true;
        report.since = drain->since;
        report.over = drain->over;
    }
    return report;
}

}  // namespace server
