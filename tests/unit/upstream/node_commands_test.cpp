// What an operator's commands do to a node, in every state.

#include <gtest/gtest.h>

#include "lifecycle_by_hand.h"

namespace upstream {
namespace {

using namespace by_hand;

TEST(NodeLifecycle, SuspendTakesEffectInEveryState) {
    for (const auto state : kStates) {
        Node node(with(3, 600s));
        bring(node, state);
        const auto before = node->state();
        node->suspend();
        switch (state) {
            case Suspended:
            case Deleting:
            case Deleted:
                EXPECT_EQ(node->state(), before) << name_of(state);
                continue;
            default:
                EXPECT_EQ(node->state(), Suspending) << name_of(state);
        }
        EXPECT_EQ(node->work(), Work::Close);
        node.close();
        EXPECT_EQ(node->state(), Suspended) << name_of(state);
        EXPECT_EQ(node->gauge(), 0);
        node.fail();
        node->connected(node.now);
        node->time_passed();
        EXPECT_EQ(node->state(), Suspended) << "what an older attempt reports is ignored";
    }
}

TEST(NodeLifecycle, RemoveTakesEffectInEveryState) {
    for (const auto state : kStates) {
        if (state == Deleted) continue;
        Node node(with(3, 600s));
        bring(node, state);
        node->remove();
        EXPECT_EQ(node->state(), Deleting) << name_of(state);
        node.close();
        EXPECT_EQ(node->state(), Deleted) << name_of(state);
    }
}

TEST(NodeLifecycle, ResumeBeginsWithFreshAttempts) {
    for (const auto state : {Suspended, Defunct, Incompatible}) {
        Node node(with(3));
        bring(node, state);
        node->resume();
        EXPECT_EQ(node->state(), Initializing) << name_of(state);
        EXPECT_EQ(node->cause(), NodeCause::Command);
        EXPECT_EQ(node->failures(), 0U);
        EXPECT_EQ(node->work(), Work::Attempt);
    }
}

TEST(NodeLifecycle, ResumeChangesNothingElsewhere) {
    for (const auto state : {Initializing, Connecting, Running, Repairing, Restarting, Deleting, Deleted}) {
        Node node(with(3));
        bring(node, state);
        const auto transitions = node.transitions().size();
        node->resume();
        EXPECT_EQ(node->state(), state);
        EXPECT_EQ(node.transitions().size(), transitions);
    }
}

TEST(NodeLifecycle, AChangedConfigurationRestartsWhatIsConnected) {
    for (const auto state : {Initializing, Connecting, Running, Repairing, Defunct, Incompatible}) {
        Node node(with(3));
        bring(node, state);
        node->reconfigure(with(1));
        EXPECT_EQ(node->state(), Restarting) << name_of(state);
        EXPECT_EQ(node->work(), Work::Close);
        node.fail();
        EXPECT_EQ(node->state(), Restarting) << "the end of the old connections is no failure";
        node.close();
        EXPECT_EQ(node->state(), Restarting);
        EXPECT_EQ(node->gauge(), 3);
        EXPECT_EQ(node->work(), Work::Attempt);
        node->probed();
        EXPECT_EQ(node->state(), Connecting) << name_of(state);
        node.fail();
        EXPECT_EQ(node->state(), Defunct) << "by the new max_attempts";
    }
}

TEST(NodeLifecycle, ARestartThatFailsIsRepaired) {
    Node node(with(3));
    node.running()->reconfigure(with(3));
    node.close().fail(NodeCause::Unreachable);
    EXPECT_EQ(node->state(), Repairing);
    node.wait();
    node->probed();
    node->connected(node.now);
    EXPECT_EQ(node->state(), Running);
}

TEST(NodeLifecycle, AChangedConfigurationDoesNotResume) {
    for (const auto state : {Suspended, Deleting, Deleted}) {
        Node node(with(3));
        bring(node, state);
        node->reconfigure(with(1));
        EXPECT_EQ(node->state(), state);
    }
}

}  // namespace
}  // namespace upstream
