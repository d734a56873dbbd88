#include "rest/lookups.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/rfc3339.h"
#include "base/text_hash.h"
#include "rest/cutting.h"
#include "rest/event_json.h"
#include "rest/listings.h"

namespace rest {
namespace {

/// None where the block has no timestamp that can be read.
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> timestamp_of(
    const storage::FoundEvent& block) {
    auto value = inner_of(block.payload);
    for (const auto name : {"block", "header", "timestamp"}) {
        if (value) value = member_of(*value, name);
    }
    const auto text = value ? plain_text(*value) : std::nullopt;
    return text ? base::parse_rfc3339(*text) : std::nullopt;
}

nlohmann::ordered_json lag_of(const storage::FoundEvent& block, std::chrono::system_clock::time_point now) {
    const auto timestamp = timestamp_of(block);
    if (!timestamp) return nullptr;
    const auto lag = std::chrono::floor<std::chrono::seconds>(now - *timestamp);
    return std::max<std::int64_t>(lag.count(), 0);
}

}  // namespace

Lookups::Lookups(const storage::EventFinder& finder, const storage::EventReader& log,
                 std::string sidecar_version, Clock clock)
    : finder_(finder),
      log_(log),
      sidecar_version_(std::move(sidecar_version)),
      clock_(std::move(clock)),
      tag_seed_(base::hash_of(log.feed_id() + sidecar_version_)) {}

Lookups::Found Lookups::answer(const RouteRow& route, const Arguments& arguments) const {
    auto content = find(route.query, arguments);
    if (!content || !*content) return content;
    if (route.caching == Caching::Immutable) (*content)->immutable = true;
    // Other bytes need another tag.
    auto& etag = (*content)->etag;
    if (arguments.pretty && !etag.empty()) etag.insert(etag.size() - 1, "-pretty");
    return content;
}

Lookups::Found Lookups::find(Query query, const Arguments& arguments) const {
    switch (query) {
        case Query::NewestBlock:
            return single(finder_.newest_block());
        case Query::Block:
            return block(arguments);
        case Query::Blocks:
            return list_blocks(finder_, arguments, tag());
        case Query::Deploy:
            return deploy(arguments);
        case Query::DeployAccepted:
            return single(finder_.find(base::Kind::DeployAccepted, arguments.hash));
        case Query::DeployProcessed:
            return single(finder_.find(base::Kind::DeployProcessed, arguments.hash));
        case Query::DeployExpired:
            return single(finder_.find(base::Kind::DeployExpired, arguments.hash));
        case Query::Deploys:
            return list_deploys(finder_, arguments, tag());
        case Query::Faults:
            return faults(arguments);
        case Query::Signatures:
            return list(finder_.signatures_of(arguments.hash));
        case Query::Step:
            return single(finder_.step(arguments.number.value()));
        case Query::Events:
            return list_events(finder_, arguments, tag());
        case Query::Status:
            return status();
    }
    throw std::logic_error("a query without an answer");
}

/// Two blocks may have the same height, should nodes disagree; of one hash there is one.
Lookups::Found Lookups::block(const Arguments& arguments) const {
    if (arguments.number) return single(finder_.block_at(*arguments.number));
    auto content = single(finder_.find(base::Kind::BlockAdded, arguments.hash));
    if (content && *content) (*content)->immutable = true;
    return content;
}

/// Whatever is null may still become known.
Lookups::Found Lookups::deploy(const Arguments& arguments) const {
    auto deploy = finder_.deploy(arguments.hash);
    if (!deploy) return deploy.error();
    if (!deploy->accepted && !deploy->processed && !deploy->expired) return std::nullopt;
    auto etag = tag();
    etag.add(deploy->accepted);
    etag.add(deploy->processed);
    etag.add(deploy->expired);
    Content content;
    content.etag = etag.text();
    content.immutable = deploy->accepted && deploy->processed;
    if (const auto added = add_deploy(content, std::move(*deploy)); !added) return added.error();
    return content;
}

Lookups::Found Lookups::faults(const Arguments& arguments) const {
    if (arguments.number) return list(finder_.faults_in(*arguments.number));
    return list(finder_.faults_of(arguments.public_key));
}

Lookups::Found Lookups::single(base::Result<std::optional<storage::FoundEvent>> found) const {
    if (!found) return found.error();
    if (!*found) return std::nullopt;
    auto etag = tag();
    etag.add(*found);
    Content content;
    content.etag = etag.text();
    if (const auto added = add_inner(content, std::move(**found)); !added) return added.error();
    return content;
}

Lookups::Found Lookups::list(base::Result<std::vector<storage::FoundEvent>> found) const {
    if (!found) return found.error();
    if (found->empty()) return std::nullopt;
    auto etag = tag();
    Content content;
    content.add("[");
    for (auto& event : *found) {
        if (event.id != found->front().id) content.add(",");
        etag.add(event.id);
        if (const auto added = add_inner(content, std::move(event)); !added) return added.error();
    }
    content.add("]");
    content.etag = etag.text();
    return content;
}

Lookups::Found Lookups::status() const {
    const auto block = finder_.newest_block();
    if (!block) return block.error();
    const auto range = log_.range();
    const auto network = log_.network_name();
    const bool known = block->has_value() && (*block)->height;
    const nlohmann::ordered_json json{
        {"version", sidecar_version_},
        {"network", network.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(network)},
        {"feed_id", log_.feed_id()},
        {"oldest_id", range.oldest},
        {"newest_id", range.newest()},
        {"height", known ? nlohmann::ordered_json(*(*block)->height) : nlohmann::ordered_json(nullptr)},
        {"lag_in_seconds", known ? lag_of(**block, clock_()) : nlohmann::ordered_json(nullptr)},
    };
    Content content;
    content.take(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return content;
}

}  // namespace rest
