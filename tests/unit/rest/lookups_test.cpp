#include "rest/lookups.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "base/rfc3339.h"
#include "support/memory_finder.h"
#include "support/memory_log.h"

namespace rest {
namespace {

using base::Kind;
using nlohmann::json;
using support::hash_text;
using support::inner_payload;
using support::payload;

class LookupsTest : public ::testing::Test {
  protected:
    Lookups::Found look(Query query, std::vector<std::string> path = {}, std::string_view fields = {}) const {
        const auto& route = *std::ranges::find(routes(), query, &RouteRow::query);
        return lookups.answer(route, read_arguments(route, path, fields).value());
    }

    std::string text(Query query, std::vector<std::string> path = {}, std::string_view fields = {}) const {
        const auto found = look(query, std::move(path), fields);
        if (!found) return "error: " + found.error().message;
        if (!*found) return "nothing";
        std::string all;
        for (const auto& part : (*found)->parts) {
            const auto* const text = std::get_if<std::string>(&part);
            all += text != nullptr ? *text : "<large>";
        }
        return all;
    }

    std::string etag(Query query, std::vector<std::string> path = {}, std::string_view fields = {}) const {
        return look(query, std::move(path), fields).value().value().etag;
    }

    support::MemoryFinder finder;
    support::MemoryLog log;
    std::chrono::system_clock::time_point now{std::chrono::milliseconds(1'700'000'000'000)};
    Lookups lookups{finder, log, "1.2.3", [this] { return now; }};
};

TEST_F(LookupsTest, ABlockByHashByHeightAndTheNewest) {
    EXPECT_EQ(text(Query::NewestBlock), "nothing");
    for (const auto height : {7U, 9U, 8U}) finder.add(Kind::BlockAdded, height);
    EXPECT_EQ(text(Query::NewestBlock), inner_payload(Kind::BlockAdded, 9));
    EXPECT_EQ(text(Query::Block, {hash_text(7)}), inner_payload(Kind::BlockAdded, 7));
    EXPECT_EQ(text(Query::Block, {"8"}), inner_payload(Kind::BlockAdded, 8));
    EXPECT_EQ(text(Query::Block, {"6"}), "nothing");
    EXPECT_EQ(text(Query::Block, {hash_text(6)}), "nothing");
    EXPECT_EQ(text(Query::Block, {"18446744073709551615"}), "nothing");
}

TEST_F(LookupsTest, OnlyWhatCannotChangeIsImmutable) {
    finder.add(Kind::BlockAdded, 7);
    finder.add(Kind::DeployAccepted, 1);
    finder.add(Kind::Step, 3);
    EXPECT_TRUE(look(Query::Block, {hash_text(7)}).value()->immutable);
    EXPECT_FALSE(look(Query::Block, {"7"}).value()->immutable);
    EXPECT_FALSE(look(Query::NewestBlock).value()->immutable);
    EXPECT_TRUE(look(Query::Step, {"3"}).value()->immutable);
    EXPECT_TRUE(look(Query::DeployAccepted, {hash_text(1)}).value()->immutable);
    EXPECT_FALSE(look(Query::Deploy, {hash_text(1)}).value()->immutable);
    finder.add(Kind::DeployProcessed, 1);
    EXPECT_TRUE(look(Query::Deploy, {hash_text(1)}).value()->immutable);
    finder.add(Kind::DeployProcessed, 2);
    EXPECT_FALSE(look(Query::Deploy, {hash_text(2)}).value()->immutable) << "its acceptance may still come";
}

TEST_F(LookupsTest, TheEventsOfADeploy) {
    finder.add(Kind::DeployAccepted, 1);
    finder.add(Kind::DeployProcessed, 1);
    finder.add(Kind::DeployExpired, 1);
    EXPECT_EQ(text(Query::DeployAccepted, {hash_text(1)}), inner_payload(Kind::DeployAccepted, 1));
    EXPECT_EQ(text(Query::DeployProcessed, {hash_text(1)}), inner_payload(Kind::DeployProcessed, 1));
    EXPECT_EQ(text(Query::DeployExpired, {hash_text(1)}), inner_payload(Kind::DeployExpired, 1));
    EXPECT_EQ(text(Query::DeployExpired, {hash_text(2)}), "nothing");
}

TEST_F(LookupsTest, WhatIsKnownOfADeploy) {
    finder.add(Kind::DeployExpired, 1);
    finder.add(Kind::DeployAccepted, 2);
    finder.add(Kind::DeployProcessed, 2);
    const auto expired = R"({"deploy_hash":")" + hash_text(1) +
                         R"(","deploy_accepted":null,"deploy_processed":null,"deploy_expired":true})";
    EXPECT_EQ(text(Query::Deploy, {hash_text(1)}), expired);
    const auto processed = R"({"deploy_hash":")" + hash_text(2) + R"(","deploy_accepted":)" +
                           inner_payload(Kind::DeployAccepted, 2) + R"(,"deploy_processed":)" +
                           inner_payload(Kind::DeployProcessed, 2) + R"(,"deploy_expired":false})";
    EXPECT_EQ(text(Query::Deploy, {hash_text(2)}), processed);
    EXPECT_EQ(text(Query::Deploy, {hash_text(3)}), "nothing");
}

TEST_F(LookupsTest, ListsOfTheRustSidecarAreNothingWhenEmpty) {
    EXPECT_EQ(text(Query::Faults, {"5"}), "nothing");
    EXPECT_EQ(text(Query::Signatures, {hash_text(5)}), "nothing");
    finder.add(Kind::Fault, 5);
    finder.add(Kind::FinalitySignature, 5);
    finder.add(Kind::FinalitySignature, 5);
    EXPECT_EQ(text(Query::Faults, {"5"}), "[" + inner_payload(Kind::Fault, 5) + "]");
    EXPECT_EQ(text(Query::Faults, {"01" + hash_text(5)}), "[" + inner_payload(Kind::Fault, 5) + "]");
    const auto signature = inner_payload(Kind::FinalitySignature, 5);
    EXPECT_EQ(text(Query::Signatures, {hash_text(5)}), "[" + signature + "," + signature + "]");
}

TEST_F(LookupsTest, ALargePayloadIsLeftToBeRead) {
    finder.add(Kind::Step, 3);
    finder.make_large();
    EXPECT_EQ(text(Query::Step, {"3"}), "<large>");
    EXPECT_EQ(
        text(Query::Events),
        R"({"data":[{"id":1,"kind":"Step","received_at":"2023-11-14T22:13:20.000Z","data":<large>}],"next":null})");
    EXPECT_EQ(finder.large_reads, 0U);
}

TEST_F(LookupsTest, ListingsGoOnUntilThereIsNoNextPage) {
    for (std::uint64_t height = 0; height < 7; ++height) finder.add(Kind::BlockAdded, height);
    for (const std::string order : {"asc", "desc"}) {
        std::vector<std::uint64_t> heights;
        std::string cursor;
        for (;;) {
            const auto page = json::parse(
                text(Query::Blocks, {}, "from_height=1&to_height=5&limit=2&order=" + order + cursor));
            for (const auto& entry : page["data"]) heights.push_back(entry["block"]["header"]["height"]);
            EXPECT_LE(page["data"].size(), 2U);
            if (page["next"].is_null()) break;
            cursor = "&cursor=" + page["next"].get<std::string>();
        }
        std::vector<std::uint64_t> expected{1, 2, 3, 4, 5};
        if (order == "desc") std::ranges::reverse(expected);
        EXPECT_EQ(heights, expected);
    }
}

TEST_F(LookupsTest, EventsAsTheNodeSentThem) {
    finder.add(Kind::Fault, 1);
    finder.add(Kind::Shutdown, 2);
    EXPECT_EQ(
        text(Query::Events, {}, "order=asc"),
        R"({"data":[{"id":1,"kind":"Fault","received_at":"2023-11-14T22:13:20.000Z","data":)" +
            payload(Kind::Fault, 1) +
            R"(},{"id":2,"kind":"Shutdown","received_at":"2023-11-14T22:13:20.000Z","data":"Shutdown"}],"next":null})");
    EXPECT_EQ(text(Query::Events, {}, "kind=Step"), R"({"data":[],"next":null})");
    EXPECT_EQ(json::parse(text(Query::Events, {}, "from_id=2"))["data"].size(), 1U);
    EXPECT_EQ(text(Query::Events, {}, "from_id=18446744073709551615"), R"({"data":[],"next":null})");
}

TEST_F(LookupsTest, DeploysAreAskedForAsTheQuerySays) {
    for (std::uint64_t number = 0; number < 3; ++number) finder.add(Kind::DeployAccepted, number);
    EXPECT_EQ(json::parse(text(Query::Deploys))["data"].size(), 3U);
    const auto page = json::parse(text(Query::Deploys, {}, "limit=2"));
    EXPECT_EQ(page["data"][0]["deploy_hash"], hash_text(2));
    const auto rest = json::parse(text(Query::Deploys, {}, "cursor=" + page["next"].get<std::string>()));
    EXPECT_EQ(rest["data"].size(), 1U);
    EXPECT_FALSE(finder.asked.account || finder.asked.block_hash || finder.asked.status);

    EXPECT_NE(text(Query::Deploys, {},
                   "status=processed&account=01" + hash_text(8) + "&block_hash=" + hash_text(9) + "&limit=7"),
              "nothing");
    EXPECT_EQ(finder.asked.account, support::key_bytes(8));
    EXPECT_EQ(finder.asked.block_hash, support::hash_bytes(9));
    EXPECT_EQ(finder.asked.status, storage::DeployStatus::Processed);
    EXPECT_EQ(finder.asked.limits.max_entries, 7U);
}

TEST_F(LookupsTest, AnEntityTagStandsForTheEventsOfTheAnswer) {
    finder.add(Kind::BlockAdded, 1);
    finder.add(Kind::BlockAdded, 2);
    std::set<std::string> tags{etag(Query::Block, {"1"}), etag(Query::Block, {"2"}),
                               etag(Query::Block, {"2"}, "pretty"), etag(Query::Blocks),
                               etag(Query::Blocks, {}, "limit=1")};
    EXPECT_EQ(tags.size(), 5U);
    EXPECT_EQ(etag(Query::NewestBlock), etag(Query::Block, {hash_text(2)}));
    EXPECT_EQ(etag(Query::Blocks), etag(Query::Blocks));
    const Lookups other_version(finder, log, "1.2.4");
    const auto& route = *std::ranges::find(routes(), Query::NewestBlock, &RouteRow::query);
    EXPECT_NE(other_version.answer(route, {}).value()->etag, etag(Query::NewestBlock));

    finder.add(Kind::DeployAccepted, 5);
    const auto accepted = etag(Query::Deploy, {hash_text(5)});
    finder.add(Kind::DeployProcessed, 5);
    EXPECT_NE(etag(Query::Deploy, {hash_text(5)}), accepted);
}

TEST_F(LookupsTest, StatusOfAnEmptyLog) {
    EXPECT_EQ(text(Query::Status),
              R"({"version":"1.2.3","network":"test","feed_id":")" + log.feed_id() +
                  R"(","oldest_id":1,"newest_id":0,"height":null,"lag_in_seconds":null})");
}

TEST_F(LookupsTest, StatusTellsHowFarBehindTheChainItIs) {
    const auto block = [](const std::string& timestamp) {
        return R"({ "BlockAdded":{"block_hash":"","block":{"header":{"x":"}","timestamp": )" + timestamp +
               "}}}}";
    };
    finder.add(Kind::BlockAdded, 5,
               block("\"" + base::rfc3339(std::chrono::floor<std::chrono::milliseconds>(now)) + "\""));
    now += std::chrono::milliseconds(42'900);
    auto status = json::parse(text(Query::Status));
    EXPECT_EQ(status["height"], 5);
    EXPECT_EQ(status["lag_in_seconds"], 42);
    now -= std::chrono::hours(1);
    EXPECT_EQ(json::parse(text(Query::Status))["lag_in_seconds"], 0) << "clocks differ";
    for (const auto* timestamp : {"5", "\"yesterday\"", "null"}) {
        finder.add(Kind::BlockAdded, 6, block(timestamp));
        EXPECT_TRUE(json::parse(text(Query::Status))["lag_in_seconds"].is_null()) << timestamp;
    }
    EXPECT_EQ(look(Query::Status).value()->etag, "");
}

TEST_F(LookupsTest, AnErrorOfTheDatabaseIsOneOfEveryQuery) {
    finder.fails = true;
    for (const auto& route : routes()) {
        Arguments arguments;
        arguments.number = 1;
        const auto found = lookups.answer(route, arguments);
        ASSERT_FALSE(found.has_value()) << route.pattern;
        EXPECT_EQ(found.error().message, finder.failure.message);
    }
}

TEST_F(LookupsTest, APayloadThatIsNoEventIsCorrupt) {
    finder.add(Kind::BlockAdded, 1, "{}");
    for (const auto query : {Query::NewestBlock, Query::Blocks}) {
        EXPECT_EQ(look(query).error().category, base::Error::Category::Corrupt);
    }
}

}  // namespace
}  // namespace rest
