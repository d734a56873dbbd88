#include "stream/event_filter.h"

#include <gtest/gtest.h>
#include <vector>

namespace stream {
namespace {

using base::Kind;

base::HashBytes hash(std::uint8_t fill) {
    return base::HashBytes(std::vector<std::uint8_t>(32, fill));
}
base::AccountBytes account(std::uint8_t fill, std::size_t size = 33) {
    return base::AccountBytes(std::vector<std::uint8_t>(size, fill));
}

TEST(EventFilter, PassesAllWhereNothingIsAskedFor) {
    const EventFilter filter;
    for (const auto& row : base::kKinds) EXPECT_TRUE(filter.passes(row.kind, {})) << row.name;
    EXPECT_TRUE(filter.passes(Kind::Step, {.era = 7, .account = account(1), .deploy_hash = hash(1)}));
}

TEST(EventFilter, PassesTheKindsAskedFor) {
    EventFilter filter{.kinds = {}};
    filter.kinds.add(Kind::Step);
    filter.kinds.add(Kind::Fault);
    for (const auto& row : base::kKinds) {
        EXPECT_EQ(filter.passes(row.kind, {}), row.kind == Kind::Step || row.kind == Kind::Fault) << row.name;
    }
}

TEST(EventFilter, PassesWhatHasTheValueOfEachMemberAskedFor) {
    const EventFilter of_era{.traits = {.era = 0}};
    EXPECT_TRUE(of_era.passes(Kind::Step, {.era = 0}));
    EXPECT_FALSE(of_era.passes(Kind::Step, {.era = 1}));
    EXPECT_FALSE(of_era.passes(Kind::Step, {})) << "without the member";

    const EventFilter of_account{.traits = {.account = account(1)}};
    EXPECT_TRUE(of_account.passes(Kind::DeployAccepted, {.account = account(1), .deploy_hash = hash(5)}));
    EXPECT_FALSE(of_account.passes(Kind::DeployAccepted, {.account = account(2)}));
    EXPECT_FALSE(of_account.passes(Kind::DeployAccepted, {.account = account(1, 34)}));
    EXPECT_FALSE(of_account.passes(Kind::DeployExpired, {.deploy_hash = hash(1)}));

    const EventFilter of_both{.traits = {.account = account(1), .deploy_hash = hash(2)}};
    EXPECT_TRUE(of_both.passes(Kind::DeployProcessed, {.account = account(1), .deploy_hash = hash(2)}));
    EXPECT_FALSE(of_both.passes(Kind::DeployProcessed, {.account = account(1), .deploy_hash = hash(1)}));
    EXPECT_FALSE(of_both.passes(Kind::DeployProcessed, {.account = account(2), .deploy_hash = hash(2)}));
}

TEST(EventFilter, OfAShutdownOnlyTheKindDecides) {
    EventFilter filter{.traits = {.era = 3}};
    EXPECT_TRUE(filter.passes(Kind::Shutdown, {}));
    filter.kinds.remove(Kind::Shutdown);
    EXPECT_FALSE(filter.passes(Kind::Shutdown, {}));
}

TEST(EventFilter, SeesWhatAFrameIsMadeOf) {
    const base::EventTraits traits{.era = {}, .account = account(1), .deploy_hash = hash(2)};
    const Frame frame(1, Kind::DeployProcessed, base::Filter::Main, {}, "{}", traits);
    EXPECT_TRUE(EventFilter{.traits = traits}.passes(frame));
    const EventFilter of_another{.traits = {.account = account(1), .deploy_hash = hash(3)}};
    EXPECT_FALSE(of_another.passes(frame));
}

}  // namespace
}  // namespace stream
