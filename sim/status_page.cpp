#include "sim/status_page.h"

#include <nlohmann/json.hpp>

namespace sim {
namespace {

using Json = nlohmann::ordered_json;

std::string human_time(std::chrono::milliseconds time) {
    using std::chrono::duration_cast;
    const auto minutes = duration_cast<std::chrono::minutes>(time);
    const auto seconds = duration_cast<std::chrono::seconds>(time - minutes);
    const auto rest = time - minutes - seconds;
    return (minutes.count() != 0 ? std::to_string(minutes.count()) + "m " : "") +
           std::to_string(seconds.count()) + "s " + std::to_string(rest.count()) + "ms";
}

Json last_block(const StatusFacts& facts) {
    if (!facts.last_block) return nullptr;
    const auto& block = *facts.last_block;
    return Json{{"hash", block.hash},
                {"timestamp", block.timestamp},
                {"era_id", block.era},
                {"height", block.height},
                {"state_root_hash", block.state_root_hash},
                {"creator", block.creator}};
}

}  // namespace

std::string status_page(const StatusFacts& facts) {
    Json peers = Json::array();
    for (const auto& [id, address] : facts.peers)
        peers.push_back(Json{{"node_id", id}, {"address", address}});
    const auto height = facts.last_block ? facts.last_block->height : facts.lowest_height;
    const Json page{
        {"api_version", facts.api_version},
        {"chainspec_name", facts.network},
        {"starting_state_root_hash", facts.starting_state_root_hash},
        {"peers", std::move(peers)},
        {"last_added_block_info", last_block(facts)},
        {"our_public_signing_key", facts.signing_key},
        {"round_length", nullptr},
        {"next_upgrade", nullptr},
        {"build_version", facts.build_version},
        {"uptime", human_time(facts.uptime)},
        {"reactor_state", "Validate"},
        {"last_progress", facts.last_block ? Json(facts.last_block->timestamp) : Json(nullptr)},
        {"available_block_range", Json{{"low", facts.lowest_height}, {"high", height}}},
        {"block_sync", Json{{"historical", nullptr}, {"forward", nullptr}}},
    };
    return page.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace sim
