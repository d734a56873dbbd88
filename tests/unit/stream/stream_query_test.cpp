#include "stream/stream_query.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>

namespace stream {
namespace {

using base::Endpoint;
using base::Kind;

const std::string kHash = "00ff" + std::string(60, 'a');
const std::string kUpperHash = "00FF" + std::string(60, 'A');
const std::string kEd25519 = "01" + std::string(64, 'b');
const std::string kSecp256k1 = "02" + std::string(66, 'c');

StreamQuery read(const std::string& text, Endpoint endpoint = Endpoint::Main) {
    const auto query = read_query(text, endpoint);
    if (query) return *query;
    ADD_FAILURE() << text << ": " << query.error().message;
    return {};
}

EventFilter filter_of(const std::string& text, Endpoint endpoint = Endpoint::Main) {
    return read(text, endpoint).filter;
}

std::string refusal_of(const std::string& text, Endpoint endpoint = Endpoint::Main) {
    const auto query = read_query(text, endpoint);
    return query ? "(accepted)" : query.error().message;
}

std::string complaint(std::string_view field, std::string_view expected) {
    return fmt::format("invalid query: field '{}': expected {}\n", field, expected);
}

KindSet kinds(std::initializer_list<Kind> all) {
    KindSet set;
    for (const auto kind : all) set.add(kind);
    return set;
}

TEST(StreamQuery, WithoutAFilterEverythingPasses) {
    EXPECT_EQ(filter_of(""), EventFilter{});
    EXPECT_EQ(filter_of("start_from=3&on_gap=fail"), EventFilter{});
}

TEST(StreamQuery, KindsAreAList) {
    EXPECT_EQ(filter_of("kinds=Step").kinds, kinds({Kind::Step}));
    EXPECT_EQ(filter_of("kinds=BlockAdded,Step").kinds, kinds({Kind::BlockAdded, Kind::Step}));
    EXPECT_EQ(filter_of("kinds=BlockAdded%2CStep").kinds, kinds({Kind::BlockAdded, Kind::Step}));
    EXPECT_EQ(filter_of("kinds=Shutdown", Endpoint::Sidecar), EventFilter{}) << "that is all there is";
}

TEST(StreamQuery, ThoseWhoAskForTheSameHaveOneFilter) {
    EXPECT_EQ(filter_of("kinds=Step,BlockAdded"), filter_of("kinds=BlockAdded,Step,BlockAdded"));
    EXPECT_EQ(filter_of("kinds=ApiVersion,Step"), filter_of("kinds=Step")) << "it always comes";
    EXPECT_EQ(filter_of("kinds=BlockAdded,DeployProcessed,DeployExpired,Fault,Step,Shutdown"), EventFilter{});
    EXPECT_EQ(filter_of("kinds=FinalitySignature,Shutdown,ApiVersion", Endpoint::Sigs), EventFilter{});
    EXPECT_EQ(filter_of("deploy_hash=" + kUpperHash), filter_of("deploy_hash=" + kHash));
    EXPECT_EQ(filter_of("kinds=BlockAdded,DeployProcessed&account=" + kEd25519),
              filter_of("account=" + kEd25519 + "&kinds=DeployProcessed"));
    EXPECT_EQ(filter_of("era_id=007"), filter_of("era_id=7"));
    EXPECT_NE(filter_of("era_id=7"), filter_of("era_id=8"));
    EXPECT_NE(filter_of("era_id=7"), filter_of("era_id=7&kinds=Fault"));
}

TEST(StreamQuery, AnApiVersionAloneIsAskedForByItsKind) {
    EXPECT_EQ(filter_of("kinds=ApiVersion").kinds, KindSet());
}

TEST(StreamQuery, MembersAreReadAsBytes) {
    const auto filter = filter_of("account=" + kSecp256k1 + "&deploy_hash=" + kHash);
    ASSERT_EQ(filter.traits.account.span().size(), 34U);
    EXPECT_EQ(filter.traits.account.span()[0], 0x02);
    EXPECT_EQ(filter.traits.account.span()[33], 0xcc);
    ASSERT_EQ(filter.traits.deploy_hash.span().size(), 32U);
    EXPECT_EQ(filter.traits.deploy_hash.span()[1], 0xff);
    EXPECT_EQ(filter.kinds, kinds({Kind::DeployProcessed, Kind::Shutdown}));
    EXPECT_EQ(filter_of("era_id=18446744073709551615").traits.era, 18446744073709551615U);
    EXPECT_EQ(filter_of("era_id=0").traits.era, 0U);
}

TEST(StreamQuery, AShutdownPassesUnlessTheKindsDoNotNameIt) {
    EXPECT_TRUE(filter_of("era_id=7").passes(Kind::Shutdown, {}));
    EXPECT_TRUE(filter_of("kinds=Step,Shutdown&era_id=7").passes(Kind::Shutdown, {}));
    EXPECT_FALSE(filter_of("kinds=Step&era_id=7").passes(Kind::Shutdown, {}));
    EXPECT_FALSE(filter_of("kinds=Step").passes(Kind::Shutdown, {}));
}

TEST(StreamQuery, GoesWithACursor) {
    const auto query = read("kinds=Step&start_from=12&era_id=3&on_gap=fail");
    EXPECT_EQ(query.start_from, 12U);
    EXPECT_TRUE(query.fail_on_gap);
    EXPECT_EQ(query.filter.traits.era, 3U);
}

TEST(StreamQuery, AKindThatIsNotCarriedIsRefusedWithThoseThatAre) {
    const auto expected = complaint("kinds",
                                    "kinds that /events/main carries, separated by commas: ApiVersion, "
                                    "BlockAdded, DeployProcessed, DeployExpired, Fault, Step, Shutdown");
    for (const char* value : {"", ",", "Step,", ",Step", "Step,,Fault", "Nope", "step", "Step, Fault",
                              "FinalitySignature", "Step,DeployAccepted", "SidecarVersion"}) {
        EXPECT_EQ(refusal_of(std::string("kinds=") + value), expected) << value;
    }
    EXPECT_EQ(refusal_of("kinds"), expected);
    EXPECT_EQ(refusal_of("kinds=Step", Endpoint::Sidecar),
              complaint("kinds", "kinds that /events/sidecar carries, separated by commas: Shutdown"));
    EXPECT_EQ(refusal_of("kinds=ApiVersion", Endpoint::Sidecar), refusal_of("kinds=", Endpoint::Sidecar));
    for (const auto endpoint : base::kEndpoints) {
        for (const auto& row : base::kKinds) {
            if (row.kind == Kind::Shutdown || row.kind == Kind::ApiVersion) continue;
            EXPECT_EQ(refusal_of(fmt::format("kinds={}", row.name), endpoint) == "(accepted)",
                      row.endpoints.contains(endpoint))
                << row.name << " at " << base::endpoint_path(endpoint);
        }
    }
}

TEST(StreamQuery, AMembersValueThatCannotBeIsRefused) {
    const auto digits = [](std::size_t count) { return std::string(count, 'a'); };
    for (const auto& value :
         {std::string(), digits(65), digits(67), digits(64), digits(70), "0x" + digits(64),
          "01" + digits(63) + "g", "+1" + digits(64), digits(66) + " "}) {
        EXPECT_EQ(refusal_of("account=" + value),
                  complaint("account", "a public key in hex (66 or 68 digits)"))
            << value;
    }
    for (const auto& value : {std::string(), digits(63), digits(65), digits(66), digits(63) + "-"}) {
        EXPECT_EQ(refusal_of("deploy_hash=" + value), complaint("deploy_hash", "a hash in hex (64 digits)"))
            << value;
    }
    for (const char* value : {"", "-1", "%2B1", "1.0", "1,2", "x", "0x10", "18446744073709551616", "1%20"}) {
        EXPECT_EQ(refusal_of(std::string("era_id=") + value),
                  complaint("era_id", "a decimal number below 2^64"))
            << value;
    }
}

TEST(StreamQuery, ARepeatedFieldIsRefused) {
    EXPECT_EQ(refusal_of("kinds=Step&kinds=Fault"), complaint("kinds", "once"));
    EXPECT_EQ(refusal_of("era_id=1&era_id=1"), complaint("era_id", "once"));
    EXPECT_EQ(refusal_of("account=" + kEd25519 + "&account=" + kEd25519), complaint("account", "once"));
    EXPECT_EQ(refusal_of("deploy_hash=" + kHash + "&start_from=1&deploy_hash=" + kHash),
              complaint("deploy_hash", "once"));
}

TEST(StreamQuery, AMemberThatNothingHasHereIsRefused) {
    const auto nothing = [](std::string_view field, std::string_view having, std::string_view path) {
        return complaint(
            field, fmt::format("where there are {}; this query asks for none of them at {}", having, path));
    };
    constexpr std::string_view kWithEra = "BlockAdded, Fault, FinalitySignature, Step";
    constexpr std::string_view kWithAccount = "DeployAccepted, DeployProcessed";
    constexpr std::string_view kWithHash = "DeployAccepted, DeployProcessed, DeployExpired";
    EXPECT_EQ(refusal_of("era_id=1", Endpoint::Deploys), nothing("era_id", kWithEra, "/events/deploys"));
    EXPECT_EQ(refusal_of("era_id=1", Endpoint::Sidecar), nothing("era_id", kWithEra, "/events/sidecar"));
    EXPECT_EQ(refusal_of("account=" + kEd25519, Endpoint::Sigs),
              nothing("account", kWithAccount, "/events/sigs"));
    EXPECT_EQ(refusal_of("deploy_hash=" + kHash, Endpoint::Sigs),
              nothing("deploy_hash", kWithHash, "/events/sigs"));
    EXPECT_EQ(refusal_of("kinds=BlockAdded,DeployExpired,Shutdown&account=" + kEd25519),
              nothing("account", kWithAccount, "/events/main"));
    EXPECT_EQ(refusal_of("deploy_hash=" + kHash + "&era_id=1"), nothing("era_id", kWithEra, "/events/main"));
    EXPECT_EQ(refusal_of("era_id=1&kinds=DeployExpired"), nothing("era_id", kWithEra, "/events/main"))
        << "in whatever order";
}

TEST(StreamQuery, AnUnknownFieldOrCursorIsAnsweredAsTheNodeDoes) {
    for (const char* text :
         {"foo=1", "kinds=Nope&foo=1", "foo=1&kinds=Nope", "Kinds=Step", "kind=Step", "era_id=x&start_from=x",
          "kinds=Step&start_from=1&start_from=1", "kinds=Step&on_gap=ignore", "kinds=%zz", "era=1"}) {
        EXPECT_EQ(refusal_of(text), kInvalidQuery) << text;
    }
}

TEST(StreamQuery, TheFirstFieldThatIsWrongIsNamed) {
    EXPECT_EQ(refusal_of("era_id=x&kinds=Nope"), refusal_of("era_id=x"));
    EXPECT_EQ(refusal_of("kinds=Nope&era_id=x"), refusal_of("kinds=Nope"));
}

}  // namespace
}  // namespace stream
