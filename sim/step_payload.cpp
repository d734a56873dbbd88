#include "sim/step_payload.h"

#include "sim/random.h"
#include "sim/text.h"

namespace sim {
namespace {

void append_allocation(std::string& out, std::string_view validator, Random& random) {
    append(out, R"({"Delegator":{"delegator_public_key":"01)", random.hex(32),
           R"(","validator_public_key":")", validator, R"(","amount":")",
           random.between(100'000, 900'000'000), "\"}}");
}

void append_delegator(std::string& out, std::string_view validator, Random& random) {
    const auto key = "01" + random.hex(32);
    append(out, "\"", key, R"(":{"delegator_public_key":")", key, R"(","staked_amount":")",
           random.between(500'000'000'000, 900'000'000'000'000), R"(","bonding_purse":"uref-)",
           random.hex(32), R"(-007","validator_public_key":")", validator, R"(","vesting_schedule":null})");
}

void append_bid(std::string& out, std::string_view validator, std::uint64_t delegators, Random& random) {
    append(out, R"(,{"key":"bid-)", random.hex(32), R"(","transform":{"WriteBid":{"validator_public_key":")",
           validator, R"(","bonding_purse":"uref-)", random.hex(32), R"(-007","staked_amount":")",
           random.between(500'000'000'000, 900'000'000'000'000), R"(","delegation_rate":)", random.below(101),
           R"(,"vesting_schedule":null,"delegators":{)");
    for (std::uint64_t i = 0; i < delegators; ++i) {
        if (i != 0) out += ',';
        append_delegator(out, validator, random);
    }
    out += R"(},"inactive":false}}})";
}

}  // namespace

StepComposer::StepComposer(const Identity& identity, std::uint64_t size) {
    static constexpr std::uint64_t kDelegatorsPerBid = 60;
    static constexpr std::uint64_t kBytesPerDelegator = 400;
    Random random(identity.seed(), {'S'});
    const auto& validators = identity.validators();

    bids_.reserve(size);
    for (std::size_t i = 0; bids_.size() + kDelegatorsPerBid * kBytesPerDelegator < size / 4 * 3; ++i) {
        append_bid(bids_, validators[i % validators.size()], kDelegatorsPerBid, random);
    }
    // Counted a little short, so that a step is never smaller than asked for.
    const std::size_t envelope = 130 + bids_.size();
    do {
        if (!allocations_.empty()) allocations_ += ',';
        append_allocation(allocations_, validators[random.below(validators.size())], random);
    } while (envelope + allocations_.size() < size);
}

std::string StepComposer::compose(std::uint64_t era) const {
    std::string out;
    out.reserve(300 + allocations_.size() + bids_.size());
    append(out, R"({"Step":{"era_id":)", era,
           R"(,"execution_effect":{"operations":[],"transforms":[{"key":"era-)", era,
           R"(","transform":{"WriteEraInfo":{"seigniorage_allocations":[)", allocations_, "]}}}", bids_,
           "]}}}");
    return out;
}

}  // namespace sim
