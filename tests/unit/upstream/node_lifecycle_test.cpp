// The state machine of a node, by a clock that the tests move: a test for each transition.

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "lifecycle_by_hand.h"

namespace upstream {
namespace {

using namespace by_hand;

TEST(NodeLifecycle, EveryStateCanBeReached) {
    for (const auto state : kStates) {
        Node node(with(3));
        bring(node, state);
        EXPECT_EQ(node->state(), state) << name_of(state);
        for (const auto& transition : node.transitions())
            EXPECT_TRUE(may_follow(transition.from, transition.to));
    }
}

TEST(NodeLifecycle, WorkOfEachState) {
    const std::vector<std::pair<NodeState, Work>> expected{
        {Initializing, Work::Attempt}, {Connecting, Work::Attempt}, {Running, Work::Attempt},
        {Repairing, Work::Wait},       {Restarting, Work::Close},   {Suspending, Work::Close},
        {Suspended, Work::Rest},       {Defunct, Work::Rest},       {Incompatible, Work::Wait},
        {Deleting, Work::Close},       {Deleted, Work::End}};
    for (const auto& [state, work] : expected) {
        Node node(with(3));
        bring(node, state);
        EXPECT_EQ(node->work(), work) << name_of(state);
    }
}

TEST(NodeLifecycle, StartsInitializingOrSuspended) {
    EXPECT_EQ(Node()->state(), Initializing);
    EXPECT_EQ(Node(NodeOptions{}, true)->state(), Suspended);
}

// --- the way up ---

TEST(NodeLifecycle, InitializingToConnectingToRunning) {
    Node node;
    node->probed();
    EXPECT_EQ(node->state(), Connecting);
    node->connected(node.now);
    EXPECT_EQ(node->state(), Running);
    EXPECT_EQ(node->gauge(), 2);
    EXPECT_EQ(node.transitions().back().cause, NodeCause::Connected);
}

// --- repairs ---

TEST(NodeLifecycle, ARepairGoesBackToWhereItCameFrom) {
    for (const auto state : {Initializing, Connecting}) {
        Node node(with(3));
        bring(node, state);
        node.fail();
        EXPECT_EQ(node->state(), Repairing);
        EXPECT_EQ(node->from(), state);
        EXPECT_EQ(node->gauge(), 1) << "never connected";
        node.wait();
        EXPECT_EQ(node->state(), state);
        EXPECT_EQ(node->work(), Work::Attempt);
    }
}

TEST(NodeLifecycle, ARepairOfARunningNodeLastsUntilItRunsAgain) {
    Node node(with(10));
    node.running().fail(NodeCause::Silent);
    EXPECT_EQ(node->cause(), NodeCause::Silent);
    EXPECT_EQ(node->gauge(), 3);
    node.wait();
    EXPECT_EQ(node->state(), Repairing);
    EXPECT_EQ(node->work(), Work::Attempt);
    node->probed();
    EXPECT_EQ(node->state(), Repairing);
    node.fail(NodeCause::Unreachable);
    EXPECT_EQ(node->from(), Running) << "a repair that fails is still the repair of the same state";
    EXPECT_EQ(node->failures(), 2U);
    node.wait();
    node->probed();
    node->connected(node.now);
    EXPECT_EQ(node->state(), Running);
}

TEST(NodeLifecycle, ARepairWaitsForTheDelay) {
    Node node(with(10, 7s));
    node.running().fail();
    EXPECT_EQ(node->wake_at(), node.now + 7s);
    EXPECT_EQ(node->next_attempt(), node.now + 7s);
    EXPECT_EQ(node->last_error(), "it failed");
}

TEST(NodeLifecycle, ReadingAnewIsNoFailureAndHasNoDelay) {
    Node node(with(1));
    node.running()->read_anew(NodeCause::IdsRestarted, "ids began again", node.now);
    EXPECT_EQ(node->state(), Repairing);
    EXPECT_EQ(node->work(), Work::Attempt);
    EXPECT_EQ(node->failures(), 0U);
    node->connected(node.now);
    EXPECT_EQ(node->state(), Running);
}

TEST(NodeLifecycle, AFailureAfterReadingAnewCounts) {
    Node node(with(1));
    node.running();
    node.now += 3h;
    node->read_anew(NodeCause::IdsRestarted, "ids began again", node.now);
    node.fail();
    EXPECT_EQ(node->state(), Defunct);
}

// --- attempts ---

TEST(NodeLifecycle, ExactlyMaxAttemptsFailuresInARowMakeItDefunct) {
    for (const std::uint32_t attempts : {1U, 2U, 10U}) {
        Node node(with(attempts));
        for (std::uint32_t i = 1; i < attempts; ++i) {
            node.fail();
            EXPECT_EQ(node->state(), Repairing) << i << " of " << attempts;
            node.wait();
        }
        node.fail();
        EXPECT_EQ(node->state(), Defunct);
        EXPECT_EQ(node->cause(), NodeCause::AttemptsUsedUp);
        EXPECT_TRUE(node->unavailable());
        EXPECT_EQ(node->gauge(), -1);
    }
}

TEST(NodeLifecycle, FiveHundredDisconnectsOfAHealthyNodeDoNotMakeItDefunct) {
    for (const std::uint32_t attempts : {1U, 2U, 10U}) {
        Node node(with(attempts));
        node.running();
        for (int i = 0; i < 500; ++i) {
            node.now += 3h;
            node.fail();
            ASSERT_EQ(node->state(), Repairing) << i;
            node.wait();
            node->connected(node.now);
            ASSERT_EQ(node->state(), Running);
        }
    }
}

TEST(NodeLifecycle, ANodeThatFlapsIsGivenUp) {
    Node node(with(5));
    node.running();
    int disconnects = 0;
    while (node->state() != Defunct) {
        node.now += 59s;
        node.fail();
        ++disconnects;
        node.wait();
        node->connected(node.now);
        ASSERT_LT(disconnects, 100);
    }
    EXPECT_EQ(disconnects, 5);
}

TEST(NodeLifecycle, HealthBeginsTheCountAnew) {
    Node node(with(3));
    node.fail().wait().fail().wait();
    node.running();
    node.now += 60s;
    node.fail();
    EXPECT_EQ(node->failures(), 0U);
    node.wait().fail().wait().fail();
    EXPECT_EQ(node->state(), Repairing);
    node.wait().fail();
    EXPECT_EQ(node->state(), Defunct);
}

TEST(NodeLifecycle, ADefunctNodeIsTriedAgainIfWished) {
    auto options = with(1);
    options.defunct_retry_after = 600s;
    Node node(options);
    node.fail();
    EXPECT_EQ(node->state(), Defunct);
    EXPECT_TRUE(node->unavailable());
    EXPECT_EQ(node->wake_at(), node.now + 600s);
    node.wait();
    EXPECT_EQ(node->state(), Initializing);
    EXPECT_EQ(node->failures(), 0U);
}

TEST(NodeLifecycle, ADefunctNodeRestsOtherwise) {
    Node node(with(1));
    node.fail();
    node->time_passed();
    EXPECT_EQ(node->state(), Defunct);
    EXPECT_EQ(node->work(), Work::Rest);
}

// --- incompatible ---

TEST(NodeLifecycle, AnIncompatibleNodeIsLookedAtSlowly) {
    Node node;
    node.incompatible();
    EXPECT_EQ(node->gauge(), -2);
    EXPECT_TRUE(node->unavailable());
    EXPECT_EQ(node->wake_at(), node.now + NodeLifecycle::kIncompatibleRetry);
    node.wait();
    EXPECT_EQ(node->state(), Incompatible);
    EXPECT_EQ(node->work(), Work::Look);

    const auto transitions = node.transitions().size();
    node.incompatible();
    EXPECT_EQ(node->work(), Work::Wait);
    node.wait().fail(NodeCause::Unreachable);
    EXPECT_EQ(node->state(), Incompatible);
    EXPECT_EQ(node->work(), Work::Wait);
    EXPECT_EQ(node.transitions().size(), transitions) << "nothing changed";

    node.wait();
    node->probed();
    EXPECT_EQ(node->state(), Initializing);
    EXPECT_EQ(node->work(), Work::Attempt);
}

TEST(NodeLifecycle, ANodeCanBecomeIncompatibleBetweenConnections) {
    for (const auto state : {Initializing, Connecting, Repairing}) {
        Node node;
        bring(node, state);
        node.wait();
        node.incompatible();
        EXPECT_EQ(node->state(), Incompatible) << name_of(state);
    }
}

// --- the table ---

TEST(NodeState, TheTableOfTransitions) {
    for (const auto from : kStates) {
        EXPECT_EQ(may_follow(from, Running), from == Connecting || from == Repairing) << name_of(from);
        EXPECT_EQ(may_follow(from, Defunct), from == Repairing) << name_of(from);
        EXPECT_EQ(may_follow(from, Suspended), from == Suspending) << name_of(from);
        EXPECT_EQ(may_follow(from, Deleted), from == Deleting) << name_of(from);
        EXPECT_EQ(may_follow(from, Deleting), from != Deleting && from != Deleted) << name_of(from);
        EXPECT_FALSE(may_follow(Deleted, from));
    }
}

TEST(NodeState, GaugeValues) {
    const std::vector<std::pair<NodeState, double>> expected{
        {Initializing, 0}, {Connecting, 1}, {Running, 2},  {Repairing, 3},    {Restarting, 3},
        {Suspending, 0},   {Suspended, 0},  {Defunct, -1}, {Incompatible, -2}};
    for (const auto& [state, value] : expected) EXPECT_EQ(gauge_value(state, true), value) << name_of(state);
    EXPECT_EQ(gauge_value(Repairing, false), 1);
}

}  // namespace
}  // namespace upstream
