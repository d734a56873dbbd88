#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/logical_event.h"

namespace sim {

/// What a node tells of itself at GET /status.
struct StatusFacts {
    std::string build_version;
    std::string api_version;
    std::string network;
    std::string signing_key;
    std::string starting_state_root_hash;
    std::vector<std::pair<std::string, std::string>> peers;  ///< node id, address
    std::shared_ptr<const BlockInfo> last_block;             ///< none yet: null
    std::uint64_t lowest_height = 0;
    std::chrono::milliseconds uptime{0};
};

/// The JSON of GET /status, as a 1.5 node writes it.
[[nodiscard]] std::string status_page(const StatusFacts& facts);

}  // namespace sim
