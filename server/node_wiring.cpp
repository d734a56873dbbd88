#include "server/node_wiring.h"

#include <chrono>
#include <utility>

#include "server/connection_config.h"

namespace server {

namespace {

using Stored = storage::NodeIntent::Wish;
using Wished = upstream::NodeWish::Wish;

Stored to_stored(Wished wish) {
    switch (wish) {
        case Wished::Run:
            return Stored::Run;
        case Wished::Suspended:
            return Stored::Suspended;
        case Wished::Deleted:
            return Stored::Deleted;
    }
    return Stored::Run;
}

Wished to_wished(Stored wish) {
    switch (wish) {
        case Stored::Run:
            return Wished::Run;
        case Stored::Suspended:
            return Wished::Suspended;
        case Stored::Deleted:
            return Wished::Deleted;
    }
    return Wished::Run;
}

}  // namespace

storage::NodeIntent to_intent(const upstream::NodeWish& wish) {
    return {.node = wish.node, .wish = to_stored(wish.wish), .configuration = wish.configuration};
}

upstream::ResumePoints to_resume_points(const storage::Positions& positions) {
    upstream::ResumePoints points;
    for (const auto& [where, stored] : positions) {
        points.emplace(where, upstream::ResumePoint{stored.position, stored.kind, stored.key});
    }
    return points;
}

storage::NodeObservation to_observation(const upstream::NodeTransition& transition) {
    using std::chrono::milliseconds;
    return {.node = transition.node,
            .at = std::chrono::duration_cast<milliseconds>(transition.at.time_since_epoch()).count(),
            .from = std::string(name_of(transition.from)),
            .to = std::string(name_of(transition.to)),
            .cause = std::string(name_of(transition.cause)),
            .message = transition.message,
            .attempt = transition.attempt,
            .height = transition.height,
            .build_version = transition.build_version,
            .network_name = transition.network_name};
}

storage::NodeGap to_stored(const upstream::NodeGap& gap) {
    using std::chrono::milliseconds;
    return {.node = gap.node,
            .filter = gap.filter,
            .generation = gap.generation,
            .first = gap.first,
            .last = gap.last,
            .at = std::chrono::duration_cast<milliseconds>(gap.at.time_since_epoch()).count()};
}

std::vector<upstream::NodeGap> to_gaps(const std::vector<storage::NodeGap>& stored) {
    std::vector<upstream::NodeGap> gaps;
    for (const auto& gap : stored) {
        gaps.push_back({.node = gap.node,
                        .filter = gap.filter,
                        .generation = gap.generation,
                        .first = gap.first,
                        .last = gap.last,
                        .at = std::chrono::system_clock::time_point(std::chrono::milliseconds(gap.at))});
    }
    return gaps;
}

std::vector<upstream::NodeWish> to_wishes(const std::vector<storage::NodeIntent>& intents,
                                          const base::Log& log) {
    std::vector<upstream::NodeWish> wishes;
    for (const auto& intent : intents) {
        upstream::NodeWish wish{.node = intent.node,
                                .wish = to_wished(intent.wish),
                                .configuration = intent.configuration,
                                .options = {}};
        if (!intent.configuration.empty()) {
            auto spec = parse_connection(intent.configuration);
            if (!spec) {
                log->error("node {}, which a command added, is left out: {}", intent.node,
                           spec.error().message);
                continue;
            }
            wish.options = std::move(spec->options);
            wish.options->name = intent.node;
        }
        wishes.push_back(std::move(wish));
    }
    return wishes;
}

}  // namespace server
