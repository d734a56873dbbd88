#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Sidecar;
using support::SimulatedNetwork;

/// Five subscribers, one an endpoint, over one sidecar.
struct Followers : NodeFollowers {
    explicit Followers(std::uint16_t port)
        : NodeFollowers(port), events(port, "/events"), sidecar(port, "/events/sidecar") {}

    void expect_no_complaints() const {
        for (const auto* follower : {&main, &deploys, &sigs, &events, &sidecar}) {
            for (const auto& complaint : follower->complaints()) ADD_FAILURE() << complaint;
        }
    }

    support::Follower events, sidecar;
};

TEST(ExactlyOnce, EveryEventOfThreeNodesOverTwentyKillsAndDroppedNodes) {
    constexpr int kKills = 20;
    constexpr std::size_t kEvents = 25'000;
    const support::TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    SimulatedNetwork network(folder.path(),
                             {"--rate", "1000", "--events", std::to_string(kEvents), "--buffer", "60000",
                              "--step-size", "300KB", "--record", record.string()});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const Followers followers(sidecar.port());

    std::mt19937 random(5);
    for (int kill = 0; kill < kKills; ++kill) {
        const auto goal = std::min(kEvents - 1, followers.count() + 200 + random() % 1200);
        ASSERT_TRUE(support::eventually([&] { return followers.count() >= goal; }, 60s)) << sidecar.log();
        if (kill % 4 == 1) network.fault(fmt::format("node={} drop how=reset", 1 + kill % 3));
        if (kill % 4 == 3) network.fault(fmt::format("node={} restart for=500ms", 1 + kill % 3));
        sidecar.kill();
        sidecar.start();
    }
    EXPECT_TRUE(support::eventually([&] { return followers.count() >= kEvents; }, 120s))
        << followers.count() << " of " << kEvents << "\n"
        << sidecar.log();
    const auto newest =
        std::max({followers.main.last_id(), followers.deploys.last_id(), followers.sigs.last_id()});
    EXPECT_EQ(newest, kEvents);
    EXPECT_EQ(sidecar.stop(), 0);

    followers.expect_no_complaints();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
}

TEST(ExactlyOnce, ANodeWhoseIdsStartAgainIsReadWhole) {
    constexpr std::size_t kFirst = 1000;
    const support::TemporaryFolder folder;
    const auto record = folder.path() / "produced.jsonl";
    SimulatedNetwork network(
        folder.path(), {"--nodes", "1", "--rate", "1000", "--events", std::to_string(kFirst), "--step-size",
                        "50KB", "--record", record.string()});
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    const Followers followers(sidecar.port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() == kFirst; })) << sidecar.log();

    network.fault("node=1 restart ids=reset buffer=empty");
    network.control("POST", "/start?events=500");
    EXPECT_TRUE(support::eventually([&] { return followers.count() >= kFirst + 500; })) << sidecar.log();
    followers.expect_no_complaints();
    expect_complete(followers.together(), lines_of(support::read_file(record)));
}

}  // namespace
}  // namespace integration
