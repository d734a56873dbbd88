#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sim/identity.h"
#include "sim/logical_event.h"

namespace sim {

struct BlockFacts {
    BlockInfo info;
    std::string parent_hash;
    std::vector<std::string> deploy_hashes;
    std::vector<std::string> transfer_hashes;
    bool ends_era = false;
    std::string_view protocol_version;
};

/// {"BlockAdded":{…}}; the last block of an era carries the rewards and the next era's validators.
[[nodiscard]] std::string block_added(const Identity& identity, const BlockFacts& block);

/// {"FinalitySignature":{…}} of one validator.
[[nodiscard]] std::string finality_signature(const Identity& identity, std::string_view block_hash,
                                             std::uint64_t era, std::string_view public_key,
                                             std::uint64_t salt);

/// {"Fault":{…}}: a validator that equivocated.
[[nodiscard]] std::string fault_event(std::uint64_t era, std::string_view public_key,
                                      std::string_view timestamp);

}  // namespace sim
