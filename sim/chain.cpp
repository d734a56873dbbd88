#include "sim/chain.h"

#include <algorithm>

#include "sim/random.h"
#include "sim/units.h"

namespace sim {
namespace {

using base::Kind;

// A deploy that no block takes is given up so many blocks after its acceptance.
constexpr std::uint64_t kBlocksUntilExpiry = 5;
constexpr std::uint64_t kDoomedEvery = 4;
constexpr std::uint64_t kFaultEvery = 17;

}  // namespace

Chain::Chain(ChainOptions options)
    : options_(std::move(options)),
      identity_(options_.seed, options_.validators),
      steps_(identity_, options_.step_size),
      height_(options_.first_height) {
    plan_block();
}

std::optional<LogicalEvent> Chain::next() {
    if (next_in_plan_ == plan_.size()) {
        ++height_;
        plan_block();
    }
    const Planned& planned = plan_[next_in_plan_++];
    LogicalEvent event;
    event.kind = planned.kind;
    event.filter = base::row_of(planned.kind).filter;
    const auto blocks = static_cast<std::int64_t>(height_ - options_.first_height);
    event.due = blocks * std::chrono::nanoseconds(options_.block_interval) + planned.offset;
    event.payload = payload_of(planned);
    if (planned.kind == Kind::BlockAdded) event.block = block_info_;
    return event;
}

void Chain::plan_block() {
    plan_.clear();
    next_in_plan_ = 0;
    block_ = describe_block(height_);
    block_info_ = std::make_shared<const BlockInfo>(block_.info);
    plan_deploys();
    plan_outcome();
    plan_signatures();
    std::stable_sort(plan_.begin(), plan_.end(),
                     [](const auto& a, const auto& b) { return a.offset < b.offset; });
}

void Chain::plan_deploys() {
    Random random(options_.seed, {'t', height_});
    const std::chrono::nanoseconds window = options_.block_interval * 4 / 10;
    const auto somewhen = [&] {
        return std::chrono::nanoseconds(random.below(static_cast<std::uint64_t>(window.count())));
    };
    for (std::uint64_t i = 0; i < deploy_count(); ++i) plan_.push_back({somewhen(), Kind::DeployAccepted, i});
    if (has_doomed_deploy(height_)) plan_.push_back({somewhen(), Kind::DeployAccepted, deploy_count()});
}

void Chain::plan_outcome() {
    const std::chrono::nanoseconds at = options_.block_interval / 2;
    if (block_.ends_era) plan_.push_back({at, Kind::Step, 0});
    plan_.push_back({at, Kind::BlockAdded, 0});
    for (std::uint64_t i = 0; i < deploy_count(); ++i) plan_.push_back({at, Kind::DeployProcessed, i});
    if (height_ >= kBlocksUntilExpiry && has_doomed_deploy(height_ - kBlocksUntilExpiry)) {
        plan_.push_back({at, Kind::DeployExpired, 0});
    }
    if (faulty_validator(height_)) plan_.push_back({at, Kind::Fault, 0});
}

void Chain::plan_signatures() {
    Random random(options_.seed, {'f', height_});
    const std::chrono::nanoseconds begin = options_.block_interval / 2;
    const std::chrono::nanoseconds window =
        std::min<std::chrono::nanoseconds>(options_.block_interval * 4 / 10, std::chrono::seconds(3));
    for (std::uint64_t i = 0; i < options_.validators; ++i) {
        const std::chrono::nanoseconds delay(random.below(static_cast<std::uint64_t>(window.count())));
        plan_.push_back({begin + delay, Kind::FinalitySignature, i});
    }
}

std::string Chain::payload_of(const Planned& planned) const {
    switch (planned.kind) {
        case Kind::DeployAccepted:
            return deploy_accepted(identity_, deploy(height_, planned.index), options_.name);
        case Kind::DeployProcessed:
            return deploy_processed(identity_, deploy(height_, planned.index), block_.info.hash);
        case Kind::DeployExpired:
            return deploy_expired(identity_.deploy_hash(height_ - kBlocksUntilExpiry, deploy_count()));
        case Kind::Fault:
            return fault_event(block_.info.era, identity_.validators()[*faulty_validator(height_)],
                               block_.info.timestamp);
        case Kind::FinalitySignature:
            return finality_signature(identity_, block_.info.hash, block_.info.era,
                                      identity_.validators()[planned.index], height_ * 1000 + planned.index);
        case Kind::Step:
            return steps_.compose(block_.info.era);
        default:
            return block_added(identity_, block_);
    }
}

DeployFacts Chain::deploy(std::uint64_t height, std::uint64_t index) const {
    const bool transfer = index >= options_.deploys_per_block;
    const auto age = std::chrono::milliseconds(Random(options_.seed, {'g', height, index}).below(60'000));
    return make_deploy(identity_, height, index, transfer, options_.wasm_every, time_of(height) - age);
}

BlockFacts Chain::describe_block(std::uint64_t height) const {
    BlockFacts block;
    block.info.height = height;
    block.info.era = height / options_.blocks_per_era;
    block.info.hash = identity_.block_hash(height);
    block.info.timestamp = rfc3339(time_of(height));
    block.info.state_root_hash = identity_.hash("state_root", height);
    block.info.creator =
        identity_.validators()[Random(options_.seed, {'c', height}).below(options_.validators)];
    block.parent_hash = height == 0 ? std::string(64, '0') : identity_.block_hash(height - 1);
    block.ends_era = (height + 1) % options_.blocks_per_era == 0;
    block.protocol_version = options_.protocol_version;
    for (std::uint64_t i = 0; i < deploy_count(); ++i) {
        auto& list = i < options_.deploys_per_block ? block.deploy_hashes : block.transfer_hashes;
        list.push_back(identity_.deploy_hash(height, i));
    }
    return block;
}

std::chrono::milliseconds Chain::time_of(std::uint64_t height) const {
    return kGenesis + static_cast<std::int64_t>(height) * options_.block_interval;
}

std::uint64_t Chain::deploy_count() const {
    return options_.deploys_per_block + options_.transfers_per_block;
}

bool Chain::has_doomed_deploy(std::uint64_t height) const {
    return deploy_count() != 0 && Random(options_.seed, {'x', height}).one_in(kDoomedEvery);
}

// A fault is known by its era and its validator, so that no validator may be at fault twice in an era.
std::optional<std::uint64_t> Chain::faulty_validator(std::uint64_t height) const {
    if (height % kFaultEvery != 3) return std::nullopt;
    const std::uint64_t earlier = (height % options_.blocks_per_era) / kFaultEvery;
    if (earlier >= options_.validators) return std::nullopt;
    const std::uint64_t era = height / options_.blocks_per_era;
    return (Random(options_.seed, {'v', era}).below(options_.validators) + earlier) % options_.validators;
}

}  // namespace sim
