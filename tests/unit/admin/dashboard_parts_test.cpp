#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/dashboard_history.h"
#include "admin/dashboard_sampler.h"
#include "admin/dashboard_snapshot.h"
#include "admin/recent_blocks.h"
#include "support/memory_finder.h"
#include "unit/admin/fake_steering.h"

namespace admin {
namespace {

using base::Kind;
using support::hash_text;
using ::testing::DoubleEq;
using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::SizeIs;

std::chrono::sys_seconds at(std::int64_t second) {
    return std::chrono::sys_seconds(std::chrono::seconds(second));
}

double& of(Second& second, Kind kind) {
    return second.events[static_cast<std::size_t>(kind)];
}

// --- history ---

TEST(DashboardHistory, KeepsTenMinutesTheNewestLast) {
    DashboardHistory history;
    for (std::int64_t i = 1; i <= 700; ++i) history.add({.at = at(i)});
    ASSERT_THAT(history.seconds(), SizeIs(DashboardHistory::kSeconds));
    EXPECT_EQ(history.seconds().front().at, at(101));
    EXPECT_EQ(history.seconds().back().at, at(700));
}

TEST(DashboardHistory, IsAColumnForEachCurve) {
    DashboardHistory history;
    Second second{.at = at(7), .subscribers = 3};
    of(second, Kind::BlockAdded) = 1.2345;
    second.ingest = {0.001, 0.25};
    history.add(second);
    history.add({.at = at(8)});
    const auto json = history.json();
    EXPECT_EQ(json["time"].dump(), "[7,8]");
    EXPECT_EQ(json["events"]["BlockAdded"].dump(), "[1.23,0.0]");
    EXPECT_EQ(json["events"].size(), base::kKinds.size() - 1) << "all kinds but ApiVersion, which is no row";
    EXPECT_EQ(json["latency"]["ingest_p99"].dump(), "[0.25,null]");
    EXPECT_EQ(json["latency"]["delivery_p50"].dump(), "[null,null]");
    EXPECT_EQ(json["subscribers"].dump(), "[3.0,0.0]");
}

// --- sampler ---

class DashboardSamplerTest : public ::testing::Test {
  protected:
    Second after(std::chrono::milliseconds passed) {
        now_ += passed;
        return sampler_.sample(at(1), now_);
    }

    base::Metrics metrics_;
    DashboardSampler sampler_{metrics_};
    std::chrono::steady_clock::time_point now_ = std::chrono::steady_clock::now();
};

TEST_F(DashboardSamplerTest, MakesRatesOfCounters) {
    std::ignore = after(std::chrono::seconds(1));
    metrics_.stored("BlockAdded").Increment(6);
    auto second = after(std::chrono::seconds(2));
    EXPECT_THAT(of(second, Kind::BlockAdded), DoubleEq(3));
    second = after(std::chrono::seconds(1));
    EXPECT_THAT(of(second, Kind::BlockAdded), DoubleEq(0));
    EXPECT_THAT(sampler_.events(Kind::BlockAdded), DoubleEq(6));
}

TEST_F(DashboardSamplerTest, SumsSubscribersOfAllEndpoints) {
    metrics_.subscribers("/events/main").Set(4);
    metrics_.subscribers("/events/sigs").Set(1);
    EXPECT_THAT(after(std::chrono::seconds(1)).subscribers, DoubleEq(5));
    EXPECT_THAT(sampler_.subscribers(base::Endpoint::Main), DoubleEq(4));
}

TEST_F(DashboardSamplerTest, LatenciesAreOfTheLastSamples) {
    EXPECT_FALSE(after(std::chrono::seconds(1)).ingest.p99) << "nothing was counted";
    metrics_.ingest_seconds().observe(0.004, 99);
    metrics_.ingest_seconds().observe(2, 2);
    for (std::size_t i = 1; i <= DashboardSampler::kLatencySamples; ++i) {
        const auto latency = after(std::chrono::seconds(1)).ingest;
        EXPECT_THAT(latency.p50, Optional(0.005)) << i;
        EXPECT_THAT(latency.p99, Optional(2.5)) << i;
    }
    EXPECT_FALSE(after(std::chrono::seconds(1)).ingest.p99) << "it is too long ago";
}

// --- blocks ---

std::string block_payload(std::uint64_t height) {
    return fmt::format(
        R"({{"BlockAdded":{{"block_hash":"{0}","block":{{"hash":"{0}","header":{{"timestamp":"2026-01-01T00:00:00.000Z",)"
        R"("era_id":7,"height":{1}}},"body":{{"proposer":"01aa","deploy_hashes":["a","b"],"transfer_hashes":["c"]}}}}}}}})",
        hash_text(height), height);
}

TEST(RecentBlocks, TellWhatTheBlockSays) {
    support::MemoryFinder finder;
    finder.add(Kind::BlockAdded, 5, block_payload(5));
    finder.add(Kind::FinalitySignature, 5);
    RecentBlocks recent(finder);
    const auto blocks = recent.read();
    ASSERT_TRUE(blocks);
    ASSERT_THAT(*blocks, SizeIs(1));
    const auto& block = blocks->front();
    EXPECT_EQ(block.height, 5U);
    EXPECT_EQ(block.hash, hash_text(5));
    EXPECT_THAT(block.era, Optional(7U));
    EXPECT_EQ(block.time, "2026-01-01T00:00:00.000Z");
    EXPECT_EQ(block.proposer, "01aa");
    EXPECT_THAT(block.transactions, Optional(3U));
    EXPECT_EQ(block.signatures, 1U);
}

TEST(RecentBlocks, WhatABlockDoesNotSayIsEmpty) {
    support::MemoryFinder finder;
    finder.add(Kind::BlockAdded, 5, R"({"BlockAdded":{"block":{"body":[]}}})");
    finder.add(Kind::BlockAdded, 6, "");  // as of a large payload
    const auto blocks = RecentBlocks(finder).read();
    ASSERT_TRUE(blocks);
    ASSERT_THAT(*blocks, SizeIs(2));
    for (const auto& block : *blocks) {
        EXPECT_FALSE(block.transactions);
        EXPECT_EQ(block.proposer, "");
    }
}

TEST(RecentBlocks, AreTheNewestAndCountSignaturesThatComeLater) {
    support::MemoryFinder finder;
    RecentBlocks recent(finder);
    EXPECT_THAT(*recent.read(), SizeIs(0));
    for (std::uint64_t height = 1; height <= 15; ++height) {
        finder.add(Kind::BlockAdded, height, block_payload(height));
    }
    auto blocks = recent.read();
    ASSERT_TRUE(blocks);
    ASSERT_THAT(*blocks, SizeIs(RecentBlocks::kShown));
    EXPECT_EQ(blocks->front().height, 15U);
    EXPECT_EQ(blocks->back().height, 6U);

    finder.add(Kind::FinalitySignature, 15);
    finder.add(Kind::FinalitySignature, 6);
    blocks = recent.read();
    EXPECT_EQ(blocks->front().signatures, 1U);
    EXPECT_EQ(blocks->back().signatures, 1U);
    for (int i = 0; i < 3; ++i) blocks = recent.read();
    EXPECT_EQ(blocks->back().signing, RecentBlock::Signing::Settled);
    finder.add(Kind::FinalitySignature, 6);
    for (std::size_t i = 0; i < RecentBlocks::kShown; ++i) blocks = recent.read();
    EXPECT_EQ(blocks->back().signatures, 2U) << "a settled one has its turn, too";
}

TEST(RecentBlocks, AnErrorIsOfOneTimeOnly) {
    support::MemoryFinder finder;
    finder.add(Kind::BlockAdded, 5, block_payload(5));
    RecentBlocks recent(finder);
    finder.fails = true;
    EXPECT_FALSE(recent.read());
    finder.fails = false;
    EXPECT_THAT(*recent.read(), SizeIs(1));
}

// --- snapshot ---

TEST(DashboardSnapshot, OfASidecarThatHasNothingYetIsFullOfNulls) {
    const auto json = json_of(DashboardSnapshot{.range = {1, 1}});
    EXPECT_TRUE(json["network"].is_null());
    EXPECT_TRUE(json["head"].is_null());
    EXPECT_TRUE(json["ready"].get<bool>());
    EXPECT_EQ(json["nodes"].dump(), "[]");
    EXPECT_EQ(json["blocks"].dump(), "[]");
    EXPECT_TRUE(json["latency_in_seconds"]["ingest"]["p50"].is_null());
    EXPECT_TRUE(json["storage"]["database_bytes"].is_null());
    EXPECT_EQ(json["newest_id"], 0);
}

TEST(DashboardSnapshot, HasWhatThePageShows) {
    const auto now = DashboardSnapshot::Time(std::chrono::hours(500'000));
    DashboardSnapshot snapshot{.at = now,
                               .started_at = now - std::chrono::minutes(2),
                               .version = "1.2.3",
                               .network = "casper",
                               .range = {10, 21},
                               .reasons = {"there is no node to read"},
                               .nodes = {admin_test::report_of("a")},
                               .second = {.at = at(5)},
                               .queue_bytes = 7,
                               .queue_limit_bytes = 8,
                               .database_bytes = 9};
    of(snapshot.second, Kind::Step) = 0.5;
    snapshot.subscribers[static_cast<std::size_t>(base::Endpoint::Main)] = 2;
    snapshot.blocks.push_back({.height = 4, .hash = "ab", .received_at = now - std::chrono::seconds(3)});
    snapshot.problems = problems_of(snapshot.reasons, snapshot.nodes, {}, now);
    const auto json = json_of(snapshot);
    EXPECT_EQ(json["uptime_in_seconds"], 120);
    EXPECT_EQ(json["oldest_id"], 10);
    EXPECT_EQ(json["newest_id"], 20);
    EXPECT_FALSE(json["ready"].get<bool>());
    EXPECT_EQ(json["reasons"].dump(), R"(["there is no node to read"])");
    EXPECT_EQ(json["head"]["height"], 4);
    EXPECT_EQ(json["head"]["age_in_seconds"], 3);
    EXPECT_EQ(json["nodes"][0]["name"], "a");
    EXPECT_EQ(json["events_per_second"]["Step"], 0.5);
    EXPECT_EQ(json["subscribers"]["/events/main"], 2);
    EXPECT_EQ(json["storage"]["queue_bytes"], 7);
    EXPECT_EQ(json["storage"]["database_bytes"], 9);
    EXPECT_TRUE(json["blocks"][0]["transactions"].is_null());
    EXPECT_EQ(json["problems"][0]["source"], "readiness");
    EXPECT_TRUE(json["problems"][0]["since"].is_null());
}

}  // namespace
}  // namespace admin
