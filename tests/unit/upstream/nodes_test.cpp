// What several nodes have to do with each other: their progress, their network, which of them there are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "upstream/network_gate.h"
#include "upstream/peers.h"
#include "upstream/roster.h"

namespace upstream {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// --- progress ---

class PeersTest : public ::testing::Test {
  protected:
    void pass(std::chrono::seconds time) { now_ += time; }
    void read(const std::string& node, std::uint64_t height) {
        peers_.reads_blocks(node, true, now_);
        peers_.block(node, height, now_);
    }

    Peers peers_;
    Peers::Clock::time_point now_ = Peers::Clock::time_point() + 1000h;
};

TEST_F(PeersTest, LagIsCountedInBlocks) {
    EXPECT_EQ(peers_.height("a"), std::nullopt);
    EXPECT_EQ(peers_.blocks_behind("a"), 0U);
    read("a", 10);
    read("b", 11);
    EXPECT_EQ(peers_.blocks_behind("a"), 1U);
    EXPECT_FALSE(peers_.lagging("a")) << "the block may be on its way";
    peers_.block("b", 12, now_);
    EXPECT_TRUE(peers_.lagging("a"));
    EXPECT_FALSE(peers_.lagging("b"));
    peers_.reads_blocks("b", false, now_);
    EXPECT_FALSE(peers_.lagging("a")) << "compared with those that are read";
}

TEST_F(PeersTest, ANodeStallsOnlyWhileAnotherAdvances) {
    for (const auto* node : {"a", "b", "c"}) read(node, 10);
    pass(1000s);
    for (const auto* node : {"a", "b", "c"})
        EXPECT_FALSE(peers_.stalled(node, 120s, now_)) << "the chain stalled, not the nodes";
    peers_.block("b", 11, now_);
    for (const auto* node : {"a", "b", "c"})
        EXPECT_FALSE(peers_.stalled(node, 120s, now_)) << "the others' block is on its way";
    pass(120s);
    EXPECT_TRUE(peers_.stalled("a", 120s, now_));
    EXPECT_TRUE(peers_.stalled("c", 120s, now_));
    EXPECT_FALSE(peers_.stalled("b", 120s, now_));
    peers_.block("a", 11, now_);
    EXPECT_FALSE(peers_.stalled("a", 120s, now_));
}

TEST_F(PeersTest, ANodeThatIsBehindAndCatchingUpDoesNotStall) {
    read("a", 10);
    read("b", 500);
    for (std::uint64_t height = 11; height < 30; ++height) {
        pass(100s);
        peers_.block("a", height, now_);
        EXPECT_FALSE(peers_.stalled("a", 120s, now_));
    }
    pass(120s);
    EXPECT_TRUE(peers_.stalled("a", 120s, now_));
}

TEST_F(PeersTest, TheLastNodeThatIsReadNeverStalls) {
    read("a", 10);
    read("b", 11);
    pass(1000s);
    peers_.reads_blocks("b", false, now_);
    EXPECT_FALSE(peers_.stalled("a", 120s, now_));
}

TEST_F(PeersTest, ANodeHasTimeAfterItIsConnectedAndAfterAPause) {
    read("a", 10);
    for (int i = 0; i < 2; ++i) {
        pass(1000s);
        peers_.reads_blocks("b", true, now_);
        pass(119s);
        EXPECT_FALSE(peers_.stalled("b", 120s, now_));
        pass(1s);
        EXPECT_TRUE(peers_.stalled("b", 120s, now_));
        peers_.reads_blocks("b", false, now_);
    }
}

TEST_F(PeersTest, AReplayOfOldBlocksIsNoProgressOfThePeers) {
    read("a", 10);
    read("b", 10);
    peers_.block("b", 9, now_);
    peers_.block("b", 10, now_);
    pass(1000s);
    EXPECT_FALSE(peers_.stalled("a", 120s, now_));
}

TEST_F(PeersTest, ANodeThatIsForgottenBeginsAnew) {
    read("a", 1'000'000);
    read("b", 10);
    peers_.forget("a");
    read("a", 1);
    EXPECT_EQ(peers_.blocks_behind("b"), 0U);
    EXPECT_EQ(peers_.height("a"), 1U);
}

// --- the gate ---

class NetworkGateTest : public ::testing::Test {
  protected:
    void begin() {
        gate_.begin([this] { ++opened_; },
                    [this](const base::Error& error) { conflicts_.push_back(error.message); });
    }

    NetworkGate gate_{false};
    int opened_ = 0;
    std::vector<std::string> conflicts_;
};

TEST_F(NetworkGateTest, OpensWhenEveryNodeHasTold) {
    gate_.expect("a");
    gate_.expect("b");
    begin();
    gate_.report("a", "casper");
    EXPECT_FALSE(gate_.is_open());
    gate_.report("b", "");
    EXPECT_TRUE(gate_.is_open());
    EXPECT_EQ(opened_, 1);
    gate_.report("b", "another");
    EXPECT_THAT(conflicts_, ElementsAre());
}

TEST_F(NetworkGateTest, DoesNotWaitForNodesThatAreNotToBeRead) {
    gate_.expect("a");
    gate_.expect("b");
    begin();
    gate_.report("a", "casper");
    gate_.withdraw("b");
    EXPECT_EQ(opened_, 1);
}

TEST_F(NetworkGateTest, DiffersOnce) {
    gate_.expect("a");
    gate_.expect("b");
    begin();
    gate_.report("b", "casper");
    gate_.report("a", "casper-test");
    EXPECT_FALSE(gate_.is_open());
    ASSERT_EQ(conflicts_.size(), 1U);
    EXPECT_THAT(conflicts_[0], HasSubstr("a to casper-test, b to casper;"));
    gate_.withdraw("a");
    EXPECT_FALSE(gate_.is_open());
    EXPECT_EQ(opened_, 0);
}

TEST(NetworkGate, OpenFromTheBeginning) {
    NetworkGate gate(true);
    gate.expect("a");
    EXPECT_TRUE(gate.is_open());
}

// --- which nodes there are ---

NodeOptions node(const std::string& name, std::uint16_t port, std::uint32_t max_attempts = 10) {
    NodeOptions options;
    options.name = name;
    options.ip_address = "127.0.0.1";
    options.sse_port = port;
    options.max_attempts = max_attempts;
    return options;
}

NodeSpec spec(const NodeOptions& options) {
    return {.options = options, .suspended = false, .configuration = "the text of " + options.name};
}

std::vector<std::string> names(const Roster& roster) {
    std::vector<std::string> names;
    for (const auto& spec : roster.nodes()) names.push_back((spec.suspended ? "-" : "") + spec.options.name);
    return names;
}

/// The wishes as they come back from storage.
std::vector<NodeWish> saved(std::initializer_list<base::Result<NodeWish>> wishes) {
    std::vector<NodeWish> result;
    for (const auto& wish : wishes) result.push_back(wish.value());
    return result;
}

TEST(Roster, ANodeWithoutAttemptsIsSuspendedUntilItIsResumed) {
    Roster roster({node("a", 1), node("b", 2, 0)}, {});
    EXPECT_THAT(names(roster), ElementsAre("a", "-b"));
    const auto wish = roster.resume("b");
    EXPECT_THAT(names(roster), ElementsAre("a", "b"));
    EXPECT_THAT(names(Roster({node("b", 2, 0)}, saved({wish}))), ElementsAre("b"));
}

TEST(Roster, WhatWasCommandedOutlivesAConfiguration) {
    Roster roster({node("a", 1), node("b", 2)}, {});
    const auto suspended = roster.suspend("a");
    const auto removed = roster.remove("b");
    const auto added = roster.add(spec(node("c", 3)));
    EXPECT_EQ(added->configuration, "the text of c");
    EXPECT_THAT(names(roster), ElementsAre("-a", "c"));
    roster.configure({node("a", 5), node("b", 2), node("d", 4)});
    EXPECT_THAT(names(roster), ElementsAre("-a", "d", "c"));
    EXPECT_EQ(roster.nodes().at(0).options.sse_port, 5);
    EXPECT_THAT(names(Roster({node("a", 1), node("b", 2)}, saved({suspended, removed, added}))),
                ElementsAre("-a", "c"));
}

TEST(Roster, ANodeThatWasAddedCanBeSuspendedAndRemoved) {
    Roster roster({}, {});
    static_cast<void>(roster.add(spec(node("a", 1))));
    const auto suspended = roster.suspend("a");
    ASSERT_TRUE(suspended);
    EXPECT_EQ(suspended->configuration, "the text of a") << "it is needed after a restart";
    EXPECT_THAT(names(roster), ElementsAre("-a"));
    const auto removed = roster.remove("a");
    EXPECT_EQ(removed->configuration, "");
    EXPECT_THAT(names(roster), ElementsAre());
    ASSERT_TRUE(roster.add(spec(node("a", 1))));
    EXPECT_THAT(names(roster), ElementsAre("a"));
}

TEST(Roster, ARemovedNodeOfTheFileCanComeBackWithAnotherAddress) {
    Roster roster({node("a", 1)}, {});
    static_cast<void>(roster.remove("a"));
    ASSERT_TRUE(roster.add(spec(node("a", 7))));
    EXPECT_EQ(roster.nodes().at(0).options.sse_port, 7);
}

TEST(Roster, ANodeIsReadOnceWhateverNamesItHas) {
    Roster roster({}, {});
    auto added = node("added", 9);
    added.ip_address = "Node.Example";
    static_cast<void>(roster.add(spec(added)));
    auto from_file = node("file", 9);
    from_file.ip_address = "node.example";
    roster.configure({from_file, node("v6", 1)});
    EXPECT_THAT(names(roster), ElementsAre("file", "v6"));
    EXPECT_THAT(roster.left_out(), ElementsAre("added"));
}

TEST(Roster, ANodeThatIsAddedWithoutAttemptsIsSuspended) {
    Roster roster({}, {});
    static_cast<void>(roster.add(spec(node("a", 1, 0))));
    EXPECT_THAT(names(roster), ElementsAre("-a"));
}

TEST(Roster, NamesWhatIsWrong) {
    Roster roster({node("a", 1), node("b", 2)}, {});
    EXPECT_THAT(roster.suspend("x").error().message, HasSubstr("no node x"));
    EXPECT_THAT(roster.add(spec(node("a", 9))).error().message, HasSubstr("a node a already"));
    EXPECT_THAT(roster.add(spec(node("x", 2))).error().message, HasSubstr("as node b"));
    static_cast<void>(roster.remove("a"));
    EXPECT_THAT(roster.resume("a").error().message, HasSubstr("no node a"));
    EXPECT_THAT(roster.remove("a").error().message, HasSubstr("no node a"));
}

}  // namespace
}  // namespace upstream
