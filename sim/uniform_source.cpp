#include "sim/uniform_source.h"

#include <algorithm>

#include "sim/block_payloads.h"
#include "sim/deploy_payloads.h"
#include "sim/payload_edit.h"
#include "sim/step_payload.h"
#include "sim/units.h"

namespace sim {
namespace {

using base::Kind;

constexpr std::string_view kPaddingHead = R"(,"padding":")";

// Numbers grow and keys differ in length: the longest of so many events, the padding's name and some digits
// more are what every event fits into.
constexpr int kSamples = 200;
constexpr std::uint64_t kSpareDigits = 8;

}  // namespace

base::Result<std::unique_ptr<UniformSource>> UniformSource::make(const ChainOptions& chain, Kind kind,
                                                                 std::uint64_t size) {
    if (kind == Kind::ApiVersion || kind == Kind::Shutdown) {
        return base::invalid(std::string(base::row_of(kind).name) +
                             " is not a kind that can be produced steadily");
    }
    std::unique_ptr<UniformSource> source(new UniformSource(chain, kind, 0));
    std::uint64_t least = 0;
    for (int i = 0; i < kSamples && size != 0; ++i)
        least = std::max<std::uint64_t>(least, source->next()->payload.size());
    least += kPaddingHead.size() + 1 + kSpareDigits;
    if (size != 0 && size < least) {
        return base::invalid("a " + std::string(base::row_of(kind).name) + " of " + std::to_string(size) +
                             " bytes is too small, the least is " + std::to_string(least));
    }
    return std::unique_ptr<UniformSource>(new UniformSource(chain, kind, size));
}

UniformSource::UniformSource(ChainOptions chain, Kind kind, std::uint64_t size)
    : chain_(std::move(chain)), identity_(chain_.seed, chain_.validators), kind_(kind), size_(size) {}

std::optional<LogicalEvent> UniformSource::next() {
    LogicalEvent event;
    event.kind = kind_;
    event.filter = base::row_of(kind_).filter;
    event.payload = plain_payload();
    if (event.payload.size() + kPaddingHead.size() < size_) {
        const auto missing = size_ - event.payload.size() - kPaddingHead.size() - 1;
        event.payload.insert(event.payload.size() - 2,
                             std::string(kPaddingHead) + std::string(missing, 'x') + '"');
    }
    if (kind_ == Kind::BlockAdded) event.block = block_;
    ++index_;
    return event;
}

std::string UniformSource::plain_payload() {
    const auto height = chain_.first_height + index_;
    const auto time = kGenesis + static_cast<std::int64_t>(height) * chain_.block_interval;
    switch (kind_) {
        case Kind::FinalitySignature: {
            const auto validator = index_ % chain_.validators;
            const auto info = block(chain_.first_height + index_ / chain_.validators);
            return finality_signature(identity_, info->hash, info->era, identity_.validators()[validator],
                                      index_);
        }
        case Kind::Fault:
            return fault_event(chain_.first_height + index_ / chain_.validators,
                               identity_.validators()[index_ % chain_.validators], rfc3339(time));
        case Kind::DeployAccepted:
        case Kind::DeployProcessed: {
            auto deploy = make_deploy(identity_, height, 0, true, 0, time);
            deploy.transforms = 18;
            if (kind_ == Kind::DeployAccepted) return deploy_accepted(identity_, deploy, chain_.name);
            return deploy_processed(identity_, deploy, block(height)->hash);
        }
        case Kind::DeployExpired:
            return deploy_expired(identity_.deploy_hash(height, 0));
        case Kind::Step:
            return StepComposer(identity_, 0).compose(height);
        default: {
            BlockFacts facts;
            facts.info = *block(height);
            facts.parent_hash = identity_.block_hash(height - 1);
            facts.protocol_version = chain_.protocol_version;
            return block_added(identity_, facts);
        }
    }
}

std::shared_ptr<const BlockInfo> UniformSource::block(std::uint64_t height) {
    if (block_ && block_->height == height) return block_;
    auto info = std::make_shared<BlockInfo>();
    info->height = height;
    info->era = height / chain_.blocks_per_era;
    info->hash = identity_.block_hash(height);
    info->timestamp = rfc3339(kGenesis + static_cast<std::int64_t>(height) * chain_.block_interval);
    info->state_root_hash = identity_.hash("state_root", height);
    info->creator = identity_.validators()[height % chain_.validators];
    block_ = std::move(info);
    return block_;
}

}  // namespace sim
