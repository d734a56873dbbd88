#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/block_payloads.h"
#include "sim/deploy_payloads.h"
#include "sim/identity.h"
#include "sim/logical_event.h"
#include "sim/step_payload.h"

namespace sim {

/// 2024-01-01T00:00:00Z: when every simulated chain began.
inline constexpr std::chrono::milliseconds kGenesis{1'704'067'200'000};

struct ChainOptions {
    std::uint64_t seed = 1;
    std::string name = "casper-net-sim";
    std::string protocol_version = "1.5.6";
    std::uint64_t validators = 100;
    std::chrono::milliseconds block_interval{8000};
    std::uint64_t first_height = 1;
    std::uint64_t blocks_per_era = 30;
    std::uint64_t deploys_per_block = 4;
    std::uint64_t transfers_per_block = 6;
    std::uint64_t wasm_every = 50;  ///< one in so many deploys carries its own module; 0: none
    std::uint64_t step_size = 1'700'000;
};

/// The whole of a chain's events, block after block, without end. Deterministic: the same options give the
/// same bytes in the same order, and a block's events do not depend on the block that the chain was begun at.
///
/// A block's interval holds, in this order: the acceptances of its deploys; the block with the outcome of
/// each deploy, and at an era's end the step; the validators' signatures.
class Chain final : public EventSource {
  public:
    explicit Chain(ChainOptions options);

    [[nodiscard]] std::optional<LogicalEvent> next() override;

  private:
    /// One event to be written when it is asked for: writing all of a block at once would make the pace
    /// uneven.
    struct Planned {
        std::chrono::nanoseconds offset;  ///< from the beginning of the block's interval
        base::Kind kind;
        std::uint64_t index;
    };

    void plan_block();
    void plan_deploys();
    void plan_outcome();
    void plan_signatures();
    [[nodiscard]] std::string payload_of(const Planned& planned) const;
    [[nodiscard]] DeployFacts deploy(std::uint64_t height, std::uint64_t index) const;
    [[nodiscard]] BlockFacts describe_block(std::uint64_t height) const;
    [[nodiscard]] std::chrono::milliseconds time_of(std::uint64_t height) const;
    [[nodiscard]] std::uint64_t deploy_count() const;
    [[nodiscard]] bool has_doomed_deploy(std::uint64_t height) const;
    [[nodiscard]] std::optional<std::uint64_t> faulty_validator(std::uint64_t height) const;

    ChainOptions options_;
    Identity identity_;
    StepComposer steps_;
    std::uint64_t height_;
    BlockFacts block_;
    std::shared_ptr<const BlockInfo> block_info_;
    std::vector<Planned> plan_;
    std::size_t next_in_plan_ = 0;
};

}  // namespace sim
