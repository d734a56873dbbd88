#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sim/identity.h"

namespace sim {

/// A deploy from its acceptance to its end, known by the block that it is meant for and its place there.
struct DeployFacts {
    enum class Session { Transfer, Contract, Wasm };

    std::string hash;
    std::string account;
    std::string timestamp;
    Session session = Session::Transfer;
    std::size_t wasm_bytes = 0;
    std::size_t transforms = 0;  ///< of its execution's effect
    std::uint64_t amount = 0;
    bool fails = false;
    std::uint64_t salt = 0;
};

/// The deploy of that block and place; `wasm_every` deploys that are no transfer, one carries its own module.
[[nodiscard]] DeployFacts make_deploy(const Identity& identity, std::uint64_t height, std::uint64_t index,
                                      bool transfer, std::uint64_t wasm_every,
                                      std::chrono::milliseconds timestamp);

/// {"DeployAccepted":{…}}
[[nodiscard]] std::string deploy_accepted(const Identity& identity, const DeployFacts& deploy,
                                          std::string_view chain_name);
/// {"DeployProcessed":{…}}
[[nodiscard]] std::string deploy_processed(const Identity& identity, const DeployFacts& deploy,
                                           std::string_view block_hash);
/// {"DeployExpired":{…}}
[[nodiscard]] std::string deploy_expired(std::string_view deploy_hash);

}  // namespace sim
