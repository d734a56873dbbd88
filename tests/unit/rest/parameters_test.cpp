#include "rest/parameters.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>

#include "rest/cursor.h"
#include "support/memory_finder.h"

namespace rest {
namespace {

using ::testing::HasSubstr;

const RouteRow& route(Query query) {
    return *std::ranges::find(routes(), query, &RouteRow::query);
}

Refusable<Arguments> read(Query query, std::vector<std::string> path, std::string_view fields = {}) {
    return read_arguments(route(query), path, fields);
}

std::string refused(Query query, std::vector<std::string> path, std::string_view fields = {},
                    unsigned status = 400) {
    const auto result = read(query, std::move(path), fields);
    if (result) return "it was accepted";
    EXPECT_EQ(result.error().status, status);
    return result.error().message;
}

TEST(Parameters, ABlocksHashOfEitherCaseOrItsHeight) {
    EXPECT_EQ(read(Query::Block, {support::hash_text(0xabcdef)})->hash, support::hash_bytes(0xabcdef));
    auto upper = support::hash_text(0xabcdef);
    std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
    EXPECT_EQ(read(Query::Block, {upper})->hash, support::hash_bytes(0xabcdef));
    EXPECT_EQ(read(Query::Block, {"0012"})->number, 12U);
    EXPECT_EQ(read(Query::Block, {"18446744073709551615"})->number,
              std::numeric_limits<std::uint64_t>::max());
    EXPECT_TRUE(read(Query::Block, {"12"})->hash.empty());
    EXPECT_EQ(read(Query::Block, {std::string(64, '1')})->hash.size(), 32U) << "64 digits are a hash";
}

TEST(Parameters, WhatIsNoHashIsRefusedInTheRustSidecarsWords) {
    EXPECT_EQ(refused(Query::Block, {"abc"}),
              "Invalid parameter in query: Expected hex-encoded hash (64 chars), received: abc (length: 3)");
    EXPECT_THAT(refused(Query::Deploy, {"12"}), HasSubstr("(64 chars), received: 12 (length: 2)"));
    EXPECT_THAT(refused(Query::Signatures, {std::string(63, 'a') + "g"}), HasSubstr("(length: 64)"));
    EXPECT_THAT(refused(Query::Block, {std::string(65, '1')}), HasSubstr("(length: 65)"));
    EXPECT_EQ(refused(Query::Faults, {"01ab"}),
              "Invalid parameter in query: Expected hex-encoded public key (66/68 chars), received: 01ab "
              "(length: 4)");
}

TEST(Parameters, AFaultsPublicKeyOrItsEra) {
    EXPECT_EQ(read(Query::Faults, {"01" + support::hash_text(7)})->public_key, support::key_bytes(7));
    EXPECT_EQ(read(Query::Faults, {"0203" + support::hash_text(7)})->public_key.size(), 34U);
    EXPECT_EQ(read(Query::Faults, {"7"})->number, 7U);
    EXPECT_EQ(read(Query::Faults, {std::string(66, '0')})->public_key.size(), 33U);
}

TEST(Parameters, ANumberInAPathThatNothingCanHaveIsNotFound) {
    for (const auto query : {Query::Block, Query::Faults, Query::Step}) {
        EXPECT_EQ(refused(query, {"18446744073709551616"}, {}, 404), "Query returned no results");
        EXPECT_EQ(refused(query, {std::string(63, '9')}, {}, 404), "Query returned no results");
    }
    for (const auto* text : {"-1", "+1", "1.0", "1e3", " 1", "0x1", "ten"}) {
        EXPECT_THAT(refused(Query::Step, {text}), HasSubstr("Expected a decimal number, received")) << text;
    }
}

TEST(Parameters, WhatAClientSentIsShownInPartOnly) {
    const auto message = refused(Query::Block, {std::string(8000, 'x')});
    EXPECT_LT(message.size(), 300U);
    EXPECT_THAT(message, HasSubstr("… (length: 8000)"));
    std::string accents;
    for (int i = 0; i < 200; ++i) accents += "é";
    const auto cut = shortened("x" + accents);
    EXPECT_EQ((cut.size() - 1 - std::string("…").size()) % 2, 0U) << "cut between characters";
    EXPECT_EQ(shortened("short"), "short");
}

TEST(Parameters, TheRustSidecarsRoutesOverlookFieldsThatTheyDoNotKnow) {
    EXPECT_TRUE(read(Query::NewestBlock, {}, "x=1&x=2&_=3").has_value());
    EXPECT_FALSE(read(Query::NewestBlock, {}, "x=1")->pretty);
    EXPECT_TRUE(read(Query::NewestBlock, {}, "pretty")->pretty);
    EXPECT_TRUE(read(Query::NewestBlock, {}, "a=b&pretty=false")->pretty) << "whatever its value";
    EXPECT_THAT(refused(Query::NewestBlock, {}, "x=%zz"), HasSubstr("broken escape"));
}

TEST(Parameters, AListingRefusesWhatItDoesNotKnowAndNamesWhatItKnows) {
    EXPECT_EQ(refused(Query::Blocks, {}, "hight=5"),
              "Invalid query: unknown field 'hight'; the fields of /blocks are from_height, to_height, "
              "order, limit, "
              "cursor, pretty");
    EXPECT_THAT(refused(Query::Events, {}, "limit=5&limit=6"), HasSubstr("'limit' is given twice"));
    EXPECT_THAT(refused(Query::Deploys, {}, "hash=1"), HasSubstr("account, block_hash, status"));
}

TEST(Parameters, OfBlocks) {
    const auto arguments = read(Query::Blocks, {}, "from_height=5&to_height=9&limit=100&order=asc").value();
    EXPECT_EQ(arguments.from, 5U);
    EXPECT_EQ(arguments.to_height, 9U);
    EXPECT_EQ(arguments.limit, 100U);
    EXPECT_EQ(arguments.order, storage::Order::OldestFirst);
    EXPECT_EQ(read(Query::Blocks, {})->limit, kDefaultLimit);
    EXPECT_EQ(read(Query::Blocks, {})->order, storage::Order::NewestFirst);
    for (const auto* limit : {"0", "101", "-1", "", "ten", "99999999999999999999999"}) {
        EXPECT_THAT(refused(Query::Blocks, {}, std::string("limit=") + limit),
                    HasSubstr("a number from 1 to 100"));
    }
    EXPECT_THAT(refused(Query::Blocks, {}, "from_height=18446744073709551616"), HasSubstr("below 2^64"));
    EXPECT_THAT(refused(Query::Blocks, {}, "order=up"), HasSubstr("one of desc, asc, received: up"));
}

TEST(Parameters, OfEvents) {
    const auto arguments = read(Query::Events, {}, "kind=Step&from_id=12&limit=1000").value();
    EXPECT_EQ(arguments.kind, base::Kind::Step);
    EXPECT_EQ(arguments.from, 12U);
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        EXPECT_EQ(read(Query::Events, {}, "kind=" + std::string(row.name))->kind, row.kind);
    }
    EXPECT_THAT(refused(Query::Events, {}, "kind=ApiVersion"), HasSubstr("one of BlockAdded, "));
    EXPECT_THAT(refused(Query::Events, {}, "kind=step"), HasSubstr("Shutdown, received: step"));
    EXPECT_THAT(refused(Query::Events, {}, "limit=1001"), HasSubstr("from 1 to 1000"));
}

TEST(Parameters, OfDeploys) {
    const auto fields =
        "account=01" + support::hash_text(3) + "&block_hash=" + support::hash_text(4) + "&status=expired";
    const auto arguments = read(Query::Deploys, {}, fields).value();
    EXPECT_EQ(arguments.public_key, support::key_bytes(3));
    EXPECT_EQ(arguments.hash, support::hash_bytes(4));
    EXPECT_EQ(arguments.status, storage::DeployStatus::Expired);
    EXPECT_EQ(read(Query::Deploys, {}, "status=accepted")->status, storage::DeployStatus::Accepted);
    EXPECT_EQ(read(Query::Deploys, {}, "status=processed")->status, storage::DeployStatus::Processed);
    EXPECT_THAT(refused(Query::Deploys, {}, "status="), HasSubstr("one of accepted, processed, expired"));
    EXPECT_THAT(refused(Query::Deploys, {}, "account=1"), HasSubstr("public key (66/68 chars)"));
}

TEST(Parameters, ACursorIsGoodForItsOwnListingInItsOwnOrder) {
    const storage::Place place{1'234'567, base::kMaxEventId};
    const auto cursor = cursor_at(place, {Query::Blocks, storage::Order::NewestFirst});
    const auto after = read(Query::Blocks, {}, "cursor=" + cursor)->after.value();
    EXPECT_EQ(after.height, place.height);
    EXPECT_EQ(after.id, place.id);
    EXPECT_THAT(refused(Query::Blocks, {}, "cursor=" + cursor + "&order=asc"),
                HasSubstr("Expected a cursor"));
    EXPECT_THAT(refused(Query::Events, {}, "cursor=" + cursor), HasSubstr("Expected a cursor"));
    EXPECT_THAT(refused(Query::Deploys, {}, "cursor=" + cursor), HasSubstr("Expected a cursor"));
    for (const auto* bad : {"", "b", "bx", "b1", "b1x", "bx1", "b-1x1", "b1x20000000000000",
                            "b8000000000000000x1", "b1x1x1", "b1x1 ", "b11111111111111111x1"}) {
        EXPECT_THAT(refused(Query::Blocks, {}, std::string("cursor=") + bad), HasSubstr("Expected a cursor"))
            << bad;
    }
}

}  // namespace
}  // namespace rest
