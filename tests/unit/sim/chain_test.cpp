#include "sim/chain.h"

#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "sim/replay_source.h"
#include "sim/uniform_source.h"

namespace {

using base::Kind;
using namespace std::chrono_literals;

sim::ChainOptions small_chain(std::uint64_t seed = 1) {
    sim::ChainOptions options;
    options.seed = seed;
    options.validators = 10;
    options.blocks_per_era = 20;
    options.step_size = 20'000;
    return options;
}

std::vector<sim::LogicalEvent> take(sim::EventSource& source, std::size_t count) {
    std::vector<sim::LogicalEvent> events;
    while (events.size() < count) events.push_back(source.next().value());
    return events;
}

std::string bytes_of(const std::vector<sim::LogicalEvent>& events) {
    std::string bytes;
    for (const auto& event : events) bytes += event.payload + "\n";
    return bytes;
}

/// The value of the first member of that name, as it is written.
std::string member(std::string_view payload, const std::string& name) {
    const auto begin = payload.find("\"" + name + "\":");
    if (begin == std::string_view::npos) throw std::runtime_error("no member " + name);
    const auto value = payload.substr(begin + name.size() + 3);
    return std::string(value.substr(0, value.find_first_of(",}")));
}

/// The natural key, as base::KindRow names it.
std::string key_of(const sim::LogicalEvent& event) {
    const auto name = std::string(base::row_of(event.kind).name) + "/";
    const auto value = [&](const char* of) { return member(event.payload, of); };
    switch (base::row_of(event.kind).key) {
        case base::KeyShape::BlockHash:
            return name + value("block_hash");
        case base::KeyShape::DeployHash:
            return name + value("deploy_hash");
        case base::KeyShape::Hash:
            return name + value("hash");
        case base::KeyShape::EraPublicKey:
            return name + value("era_id") + value("public_key");
        case base::KeyShape::BlockPublicKey:
            return name + value("block_hash") + value("public_key");
        case base::KeyShape::Era:
            return name + value("era_id");
        default:
            throw std::runtime_error("it has no key");
    }
}

TEST(Chain, TheSameSeedGivesTheSameBytes) {
    sim::Chain one(small_chain(1));
    sim::Chain again(small_chain(1));
    sim::Chain other(small_chain(2));
    const auto bytes = bytes_of(take(one, 1000));
    EXPECT_TRUE(bytes == bytes_of(take(again, 1000)));
    EXPECT_FALSE(bytes == bytes_of(take(other, 1000)));
}

TEST(Chain, ABlockDoesNotDependOnWhereTheChainWasBegun) {
    auto options = small_chain();
    sim::Chain early(options);
    options.first_height = 5;
    sim::Chain late(options);
    std::set<std::string> seen;
    for (const auto& event : take(early, 2000)) seen.insert(event.payload);
    for (const auto& event : take(late, 100)) EXPECT_TRUE(seen.contains(event.payload)) << event.payload;
}

TEST(Chain, EveryEventIsOfItsKindInOrderOfTimeAndKnownByItsOwnKey) {
    sim::Chain chain(small_chain());
    std::map<Kind, int> counts;
    std::set<std::string> keys;
    std::chrono::nanoseconds last{0};
    for (const auto& event : take(chain, 6000)) {
        ASSERT_EQ(sim::kind_of_payload(event.payload), event.kind);
        ASSERT_EQ(event.filter, base::row_of(event.kind).filter);
        ASSERT_EQ(event.payload.find('\n'), std::string::npos);
        ASSERT_GE(event.due, last);
        ASSERT_EQ(event.block != nullptr, event.kind == Kind::BlockAdded);
        ASSERT_TRUE(keys.insert(key_of(event)).second) << event.payload;
        last = event.due;
        ++counts[event.kind];
    }
    for (const auto kind : {Kind::BlockAdded, Kind::DeployAccepted, Kind::DeployProcessed,
                            Kind::DeployExpired, Kind::Fault, Kind::FinalitySignature, Kind::Step}) {
        EXPECT_GT(counts[kind], 0) << base::row_of(kind).name;
    }
    EXPECT_NEAR(counts[Kind::FinalitySignature], 10 * counts[Kind::BlockAdded], 10);
    EXPECT_GT(last, 100 * 8s);
}

TEST(Chain, EveryPayloadIsAnObjectWithItsKindAsTheOnlyMember) {
    auto options = small_chain();
    options.blocks_per_era = 5;
    sim::Chain chain(options);
    for (const auto& event : take(chain, 500)) {
        const auto document = nlohmann::json::parse(event.payload);
        ASSERT_EQ(document.size(), 1U);
        ASSERT_EQ(document.begin().key(), base::row_of(event.kind).name);
        ASSERT_TRUE(document.begin()->is_object());
        ASSERT_EQ(document.dump().size(), event.payload.size()) << "it is not compact";
    }
}

TEST(Chain, ABlockNamesItsDeploysAndItsPredecessor) {
    sim::Chain chain(small_chain());
    std::string parent;
    std::set<std::string> accepted;
    std::string block_hash;
    std::set<std::string> in_block;
    for (const auto& event : take(chain, 300)) {
        const auto inner = nlohmann::json::parse(event.payload).begin().value();
        if (event.kind == Kind::DeployAccepted) accepted.insert(inner.at("hash"));
        if (event.kind == Kind::BlockAdded) {
            const auto& block = inner.at("block");
            if (!parent.empty()) {
                EXPECT_EQ(block.at("header").at("parent_hash"), parent);
            }
            parent = block_hash = inner.at("block_hash");
            EXPECT_EQ(block.at("hash"), block_hash);
            EXPECT_EQ(event.block->hash, block_hash);
            in_block = block.at("body").at("deploy_hashes").get<std::set<std::string>>();
            EXPECT_EQ(in_block.size(), 4U);
            for (const auto& hash : block.at("body").at("transfer_hashes")) in_block.insert(hash);
            EXPECT_EQ(in_block.size(), 10U);
        }
        if (event.kind == Kind::DeployProcessed) {
            EXPECT_EQ(inner.at("block_hash"), block_hash);
            EXPECT_TRUE(in_block.contains(inner.at("deploy_hash")));
            EXPECT_TRUE(accepted.contains(inner.at("deploy_hash")));
        }
        if (event.kind == Kind::FinalitySignature) {
            EXPECT_EQ(inner.at("block_hash"), block_hash);
        }
    }
}

TEST(Chain, TheLastBlockOfAnEraNamesTheNextValidatorsAndComesWithTheStep) {
    auto options = small_chain();
    options.blocks_per_era = 3;
    sim::Chain chain(options);
    std::vector<int> steps;
    for (const auto& event : take(chain, 600)) {
        if (event.kind != Kind::Step && event.kind != Kind::BlockAdded) continue;
        const auto inner = nlohmann::json::parse(event.payload).begin().value();
        if (event.kind == Kind::Step) steps.push_back(inner.at("era_id"));
        if (event.kind != Kind::BlockAdded) continue;
        const auto& header = inner.at("block").at("header");
        const bool last = header.at("height").get<int>() % 3 == 2;
        EXPECT_EQ(header.at("era_id").get<int>(), header.at("height").get<int>() / 3);
        ASSERT_EQ(header.at("era_end").is_null(), !last);
        if (last) {
            EXPECT_EQ(header.at("era_end").at("next_era_validator_weights").size(), 10U);
        }
    }
    ASSERT_GE(steps.size(), 3U);
    for (std::size_t i = 0; i < steps.size(); ++i) EXPECT_EQ(steps[i], static_cast<int>(i));
}

TEST(Chain, SizesAreThoseOfARealChain) {
    auto options = small_chain();
    options.validators = 100;
    sim::Chain chain(options);
    for (const auto& event : take(chain, 8000)) {
        const auto size = event.payload.size();
        switch (event.kind) {
            case Kind::FinalitySignature:
                EXPECT_GE(size, 340U);
                EXPECT_LE(size, 352U);
                break;
            case Kind::BlockAdded:
                EXPECT_GE(size, 800U);
                EXPECT_LE(size, 30'000U);
                break;
            case Kind::DeployAccepted:
                EXPECT_GE(size, 900U);
                EXPECT_LE(size, 430'000U);
                break;
            case Kind::DeployProcessed:
                EXPECT_GE(size, 3000U);
                EXPECT_LE(size, 400'000U);
                break;
            default:
                break;
        }
    }
}

TEST(Chain, AStepIsAsLargeAsAskedFor) {
    const sim::Identity identity(1, 100);
    for (const std::uint64_t size : {2'000U, 200'000U, 30'000'000U}) {
        const auto payload = sim::StepComposer(identity, size).compose(7723);
        EXPECT_GE(payload.size(), size);
        EXPECT_LE(payload.size(), size + 400);
        if (size < 1'000'000) {
            EXPECT_TRUE(nlohmann::json::accept(payload));
        }
        EXPECT_TRUE(payload.starts_with(R"({"Step":{"era_id":7723,)"));
    }
}

TEST(UniformSource, EveryEventHasTheSizeAndItsOwnKey) {
    for (const auto kind : {Kind::BlockAdded, Kind::DeployAccepted, Kind::DeployProcessed,
                            Kind::DeployExpired, Kind::Fault, Kind::FinalitySignature, Kind::Step}) {
        const auto source = sim::UniformSource::make(small_chain(), kind, 6000).value();
        std::set<std::string> keys;
        for (const auto& event : take(*source, 100)) {
            ASSERT_EQ(event.payload.size(), 6000U) << base::row_of(kind).name;
            ASSERT_EQ(sim::kind_of_payload(event.payload), kind);
            ASSERT_TRUE(keys.insert(key_of(event)).second) << event.payload;
        }
    }
}

TEST(UniformSource, RefusesWhatCannotBe) {
    EXPECT_FALSE(sim::UniformSource::make(small_chain(), Kind::FinalitySignature, 100));
    EXPECT_FALSE(sim::UniformSource::make(small_chain(), Kind::Shutdown, 0));
    EXPECT_FALSE(sim::UniformSource::make(small_chain(), Kind::ApiVersion, 0));
    EXPECT_TRUE(sim::UniformSource::make(small_chain(), Kind::FinalitySignature, 400));
}

}  // namespace
