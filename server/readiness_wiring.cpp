#include "server/readiness_wiring.h"

#include <fmt/format.h>
#include <utility>

#include "admin/block_age.h"
#include "base/rfc3339.h"
#include "stream/publisher.h"
#include "stream/stream_server.h"

namespace server {

using Reasons = admin::Readiness::Reasons;

namespace {

Reasons drain_problems(const stream::StreamServer& streams) {
    const auto drain = streams.drain_under_way();
    if (!drain) return {};
    return {fmt::format("draining since {}: no subscriber is let in", base::rfc3339(drain->since))};
}

admin::NewestBlock newest_block(const stream::ChainHead& head) {
    return {.height = head.height(), .age = stream::ChainHead::Clock::now() - head.since()};
}

}  // namespace

Reasons storage_problems(const stream::Publisher& publisher) {
    const auto outage = publisher.outage();
    if (!outage) return {};
    return {fmt::format("since {} {}", base::rfc3339(outage->since), outage->what)};
}

std::vector<admin::Readiness::Source> readiness_sources(const stream::Publisher& publisher,
                                                        const stream::StreamServer& streams,
                                                        std::chrono::seconds max_block_age,
                                                        std::function<bool()> stopping) {
    return {
        [stopping = std::move(stopping)] { return stopping() ? Reasons{"the program stops"} : Reasons{}; },
        [&publisher] { return storage_problems(publisher); }, [&streams] { return drain_problems(streams); },
        [&publisher, max_block_age] {
            return admin::age_problems(newest_block(publisher.chain_head()), max_block_age);
        }};
}

}  // namespace server
