#pragma once

#include <cstdint>

#include "base/event.h"

namespace perf {

/// A chain as a node tells of it, block by block: a hundred signatures each, and ten deploys, accepted and
/// processed. Payloads are at the small end of what mainnet has. Of the accounts one sends every third
/// deploy. Now and then something rare happens: a deploy that is not processed (1 in 2,000), one that
/// expires, a Step, a Fault, a Shutdown.
class BlockEvents {
  public:
    static constexpr std::uint64_t kDeploysPerBlock = 10;
    static constexpr std::uint64_t kAccounts = 5000;
    static constexpr std::uint64_t kBlocksPerEra = 220;

    [[nodiscard]] static base::KeyBytes block_hash(std::uint64_t height);
    [[nodiscard]] static base::KeyBytes deploy_hash(std::uint64_t deploy);
    [[nodiscard]] static base::KeyBytes account_of(std::uint64_t deploy);
    [[nodiscard]] static base::KeyBytes busy_account() { return account_of(0); }
    [[nodiscard]] static base::KeyBytes validator(std::uint64_t number);

    /// All events of the block of this height.
    [[nodiscard]] static base::EventBatch of(std::uint64_t height);

    /// A Step's payload of mainnet's size.
    [[nodiscard]] static base::Event large_step(std::uint64_t era);
};

}  // namespace perf
