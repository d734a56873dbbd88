// What operators see of the nodes and command, over real sockets.

#include <array>
#include <condition_variable>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "reading.h"
#include "scripts.h"

namespace upstream::testing {
namespace {

using namespace std::chrono_literals;
using enum NodeState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

NodeOptions named(const std::string& name, const FakeNode& node) {
    auto options = options_for(node);
    options.name = name;
    return options;
}

/// Nobody listens there, and the next attempt is in ten minutes.
NodeOptions unreachable(const std::string& name) {
    NodeOptions options;
    options.name = name;
    options.ip_address = "127.0.0.1";
    options.sse_port = options.rest_port = closed_port();
    options.delay_between_retries = 600s;
    return options;
}

std::string block(std::uint64_t height) {
    return fmt::format(
        R"({{"BlockAdded":{{"block_hash":"{0:064x}","block":{{"hash":"{0:064x}","header":{{"era_id":1,"height":{0}}},"body":{{}},"proofs":[]}}}}}})",
        height);
}

std::vector<std::string> reported_names(const std::vector<NodeReport>& reports) {
    std::vector<std::string> names;
    for (const auto& report : reports) names.push_back(report.name);
    return names;
}

TEST(Steering, ReportsWhatIsKnownOfANode) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(block(77), 1);
        peer.wait_until_closed();
    });
    const auto options = named("a", *node);
    Reading reading({options});
    ASSERT_TRUE(reading.receive(1));
    const auto report = reading.report("a");
    ASSERT_TRUE(report);
    EXPECT_EQ(report->state, Running);
    EXPECT_EQ(report->cause, NodeCause::Connected);
    EXPECT_EQ(report->sse_port, options.sse_port);
    EXPECT_EQ(report->height, 77U);
    EXPECT_EQ(report->blocks_behind, 0U);
    EXPECT_EQ(report->build_version, "1.5.6");
    EXPECT_EQ(report->network_name, "casper");
    EXPECT_THAT(report->connected, ElementsAre(true, true, true));
    EXPECT_FALSE(report->partial || report->lagging || report->stalled);
    EXPECT_THAT(reading.history("a"), ElementsAre(Connecting, Running));
}

TEST(Steering, ANodeThatIsRepairedSaysWhyAndUntilWhen) {
    Reading reading({unreachable("a")});
    ASSERT_TRUE(reading.reaches("a", Repairing));
    const auto report = reading.report("a");
    EXPECT_EQ(report->from, Initializing);
    EXPECT_EQ(report->cause, NodeCause::Unreachable);
    EXPECT_THAT(report->last_error, HasSubstr("refused"));
    EXPECT_EQ(report->attempt, 1U);
    ASSERT_TRUE(report->next_attempt);
    EXPECT_GT(*report->next_attempt, std::chrono::system_clock::now() + 500s);
}

TEST(Steering, SuspendAndRemoveInterruptALongDelay) {
    Reading reading({unreachable("a"), unreachable("b")});
    ASSERT_TRUE(reading.reaches("a", Repairing));
    ASSERT_TRUE(reading.reaches("b", Repairing));
    ASSERT_TRUE(reading.suspend("a"));
    EXPECT_TRUE(reading.reaches("a", Suspended));
    ASSERT_TRUE(reading.remove("b"));
    EXPECT_TRUE(
        eventually([&] { return reported_names(reading.reports()) == std::vector<std::string>{"a"}; }));
    EXPECT_THAT(reading.history("b"), ElementsAre(Repairing, Deleting, Deleted));
}

TEST(Steering, SuspendInterruptsAProbeThatHangs) {
    const auto node = node_with(only_version);
    node->serve("/status", [](const Peer& peer) { peer.wait_until_closed(); });
    auto options = named("a", *node);
    options.connection_timeout = 600s;
    Reading reading({options});
    ASSERT_TRUE(eventually([&] { return node->open("/status") == 1; }));
    ASSERT_TRUE(reading.suspend("a"));
    EXPECT_TRUE(reading.reaches("a", Suspended));
    EXPECT_TRUE(eventually([&] { return node->open("/status") == 0; }));
}

TEST(Steering, SuspendInterruptsConnectionsThatHang) {
    const auto node = node_with([](const Peer& peer) { peer.wait_until_closed(); });
    auto options = named("a", *node);
    options.connection_timeout = 600s;
    Reading reading({options});
    ASSERT_TRUE(reading.reaches("a", Connecting));
    ASSERT_TRUE(reading.suspend("a"));
    EXPECT_TRUE(reading.reaches("a", Suspended));
    EXPECT_TRUE(eventually([&] { return node->open("/events") == 0; }));
}

TEST(Steering, ASuspendedNodeIsClosedAndReadOnWhenItIsResumed) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        for (std::uint32_t id = peer.start_from(); id < 3; ++id) peer.send_event(step(id), id);
        peer.wait_until_closed();
    });
    const auto options = named("a", *node);
    Reading reading({options});
    ASSERT_TRUE(reading.receive(3));
    ASSERT_TRUE(reading.suspend("a"));
    EXPECT_TRUE(reading.reaches("a", Suspended));
    EXPECT_EQ(reading.status(options), 0);
    EXPECT_TRUE(eventually([&] { return node->open("/events") == 0; }));
    ASSERT_TRUE(reading.resume("a"));
    EXPECT_TRUE(reading.reaches("a", Running));
    EXPECT_THAT(node->targets("/events/main"),
                ElementsAre("/events/main?start_from=0", "/events/main?start_from=2"));
    EXPECT_THAT(reading.history("a"),
                ElementsAre(Connecting, Running, Suspending, Suspended, Initializing, Connecting, Running));
    ASSERT_EQ(reading.wishes().size(), 2U);
    EXPECT_EQ(reading.wishes()[0].wish, NodeWish::Wish::Suspended);
    EXPECT_EQ(reading.wishes()[1].wish, NodeWish::Wish::Run);
}

TEST(Steering, WishesHoldFromTheStart) {
    const auto node = node_with(only_version);
    const auto added = named("added", *node);
    Reading reading({unreachable("a"), unreachable("b")}, [&](Dependencies& dependencies) {
        dependencies.wishes = {
            {.node = "a", .wish = NodeWish::Wish::Suspended, .configuration = {}, .options = {}},
            {.node = "b", .wish = NodeWish::Wish::Deleted, .configuration = {}, .options = {}},
            {.node = "added", .wish = NodeWish::Wish::Run, .configuration = "text", .options = added}};
    });
    EXPECT_TRUE(reading.reaches("added", Running));
    EXPECT_THAT(reported_names(reading.reports()), ElementsAre("a", "added"));
    EXPECT_EQ(reading.report("a")->state, Suspended);
}

TEST(Steering, ANodeWithoutAttemptsWaitsToBeResumed) {
    const auto node = node_with(only_version);
    auto options = named("a", *node);
    options.max_attempts = 0;
    Reading reading({options});
    EXPECT_TRUE(reading.reaches("a", Suspended));
    EXPECT_THAT(node->targets("/status"), ElementsAre());
    ASSERT_TRUE(reading.resume("a"));
    EXPECT_TRUE(reading.reaches("a", Running));
}

TEST(Steering, ADefunctNodeIsResumedWithFreshAttempts) {
    const auto node = node_with(only_version);
    node->serve("/status", [](const Peer&) {});
    auto options = named("a", *node);
    options.max_attempts = 1;
    Reading reading({options});
    ASSERT_TRUE(reading.reaches("a", Defunct));
    EXPECT_TRUE(eventually([&] { return reading.unavailable_calls == 1; }));
    node->serve_status(kStatus);
    ASSERT_TRUE(reading.resume("a"));
    EXPECT_TRUE(reading.reaches("a", Running));
}

TEST(Steering, NodesCanBeAddedAndRemovedAndAddedAgain) {
    const auto one = node_with(only_version);
    const auto other = node_with(only_version);
    Reading reading({named("a", *one)});
    ASSERT_TRUE(reading.reaches("a", Running));
    ASSERT_TRUE(reading.add({.options = named("b", *other), .suspended = false, .configuration = "text"}));
    EXPECT_TRUE(reading.reaches("b", Running));
    EXPECT_EQ(reading.wishes().back().configuration, "text");
    ASSERT_TRUE(reading.remove("b"));
    EXPECT_TRUE(eventually([&] { return !reading.report("b"); }));
    EXPECT_TRUE(eventually([&] { return other->open("/events") == 0; }));
    ASSERT_TRUE(reading.add({.options = named("b", *other), .suspended = false, .configuration = "text"}));
    EXPECT_TRUE(reading.reaches("b", Running));
    EXPECT_EQ(other->most_open("/events/main"), 1);
}

TEST(Steering, TheLastNodeCanBeRemovedAndAnotherAdded) {
    const auto node = node_with(only_version);
    Reading reading({named("a", *node)});
    ASSERT_TRUE(reading.reaches("a", Running));
    ASSERT_TRUE(reading.remove("a"));
    ASSERT_TRUE(eventually([&] { return !reading.report("a"); }));
    ASSERT_TRUE(reading.add({.options = named("b", *node), .suspended = false, .configuration = "text"}));
    EXPECT_TRUE(reading.reaches("b", Running));
}

TEST(Steering, AResumeRightAfterASuspendIsNotLost) {
    const auto node = node_with(only_version);
    Reading reading({named("a", *node)});
    ASSERT_TRUE(reading.reaches("a", Running));
    for (int i = 0; i < 5; ++i) {
        reading.give([](Steering& nodes) {
            nodes.suspend("a", [](const auto&) {});
            nodes.resume("a", [](const auto&) {});
        });
        EXPECT_TRUE(
            eventually([&] { return reading.wishes().size() == 2U * static_cast<std::size_t>(i + 1); }));
        EXPECT_TRUE(reading.reaches("a", Running));
    }
}

TEST(Steering, AConfigurationThatComesBackIsTheOneThatIsUsed) {
    const auto node = node_with(only_version);
    const auto other = node_with(only_version);
    Reading reading({named("a", *node)});
    ASSERT_TRUE(reading.reaches("a", Running));
    ASSERT_TRUE(reading.suspend("a"));
    ASSERT_TRUE(reading.reaches("a", Suspended));
    reading.configure({named("a", *other)});
    reading.configure({named("a", *node)});
    ASSERT_TRUE(reading.resume("a"));
    ASSERT_TRUE(reading.reaches("a", Running));
    EXPECT_TRUE(eventually([&] { return node->open("/events") == 3 && other->open("/events") == 0; }));
}

TEST(Steering, ANodeThatIsAddedAgainIsReadOn) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        for (std::uint32_t id = peer.start_from(); id < 3; ++id) peer.send_event(step(id), id);
        peer.wait_until_closed();
    });
    Reading reading({named("a", *node)});
    ASSERT_TRUE(reading.receive(3));
    ASSERT_TRUE(reading.remove("a"));
    ASSERT_TRUE(eventually([&] { return !reading.report("a"); }));
    ASSERT_TRUE(reading.add({.options = named("a", *node), .suspended = false, .configuration = "text"}));
    ASSERT_TRUE(reading.reaches("a", Running));
    EXPECT_EQ(node->targets("/events/main").back(), "/events/main?start_from=2");
}

TEST(Steering, ADeletedNodesSeriesAreGone) {
    const auto node = node_with(only_version);
    const auto options = named("a", *node);
    Reading reading({options, unreachable("b")});
    ASSERT_TRUE(reading.reaches("a", Running));
    ASSERT_TRUE(reading.remove("a"));
    ASSERT_TRUE(eventually([&] { return !reading.report("a"); }));
    const auto has_series = [&] {
        for (const auto& family : reading.metrics.collect()) {
            for (const auto& metric : family.metric) {
                for (const auto& label : metric.label) {
                    if (label.name == "node" &&
                        (label.value == "a" || label.value.ends_with(fmt::format(":{}", options.sse_port))))
                        return true;
                }
            }
        }
        return false;
    };
    EXPECT_TRUE(eventually([&] { return !has_series(); }));
}

TEST(Steering, AnUnknownNodeIsAnErrorThatNamesIt) {
    Reading reading({unreachable("a")});
    for (const auto& answer : {reading.suspend("x"), reading.resume("x"), reading.remove("x")}) {
        ASSERT_FALSE(answer);
        EXPECT_THAT(answer.error().message, HasSubstr("no node x"));
    }
    EXPECT_TRUE(reading.wishes().empty());
}

TEST(Steering, ANewConfigurationRestartsWhatChangedOnly) {
    const auto same = node_with(only_version);
    const auto moved = node_with(only_version);
    const auto target = node_with(only_version);
    const auto gone = node_with(only_version);
    Reading reading({named("same", *same), named("moved", *moved), named("gone", *gone)});
    for (const auto* name : {"same", "moved", "gone"}) ASSERT_TRUE(reading.reaches(name, Running));
    reading.configure({named("same", *same), named("moved", *target), unreachable("new")});
    EXPECT_TRUE(reading.reaches("new", Repairing));
    EXPECT_TRUE(eventually([&] { return target->open("/events/sigs") == 1; }));
    EXPECT_TRUE(reading.reaches("moved", Running));
    EXPECT_TRUE(eventually([&] { return !reading.report("gone"); }));
    EXPECT_TRUE(eventually([&] { return gone->open("/events") + moved->open("/events") == 0; }));
    EXPECT_THAT(reading.history("same"), ElementsAre(Connecting, Running));
    EXPECT_THAT(reading.history("moved"), ElementsAre(Connecting, Running, Restarting, Connecting, Running));
}

TEST(Steering, SuspendedNodesDoNotCountAsUnavailable) {
    auto options = unreachable("a");
    options.max_attempts = 1;
    Reading reading({options, unreachable("b")});
    ASSERT_TRUE(reading.reaches("a", Defunct));
    ASSERT_TRUE(reading.reaches("b", Repairing));
    EXPECT_EQ(reading.unavailable_calls, 0);
    ASSERT_TRUE(reading.suspend("b"));
    EXPECT_TRUE(eventually([&] { return reading.unavailable_calls == 1; }));
}

TEST(Steering, WhenAllAreSuspendedNothingIsUnavailable) {
    Reading reading({unreachable("a")});
    ASSERT_TRUE(reading.suspend("a"));
    ASSERT_TRUE(reading.reaches("a", Suspended));
    EXPECT_EQ(reading.unavailable_calls, 0);
}

// --- compared with the others ---

/// A node whose chain grows when it is told to, and which is never silent.
class GrowingNode {
  public:
    GrowingNode() : node_(node_with([this](const Peer& peer) { serve(peer, true); })) {
        for (const auto* path : {"/events/deploys", "/events/sigs"})
            node_->serve(path, [this](const Peer& peer) { serve(peer, false); });
    }
    ~GrowingNode() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        changed_.notify_all();
        node_.reset();
    }
    GrowingNode(const GrowingNode&) = delete;
    GrowingNode& operator=(const GrowingNode&) = delete;

    [[nodiscard]] const FakeNode& node() const { return *node_; }
    void grow() {
        {
            const std::lock_guard lock(mutex_);
            ++height_;
        }
        changed_.notify_all();
    }

  private:
    void serve(const Peer& peer, bool blocks) {
        peer.begin_stream();
        std::unique_lock lock(mutex_);
        for (std::uint32_t sent = 0; !closed_;) {
            for (; sent < height_; ++sent) {
                if (blocks) peer.send_event(block(sent + 1), sent);
            }
            peer.send(":\n\n");
            changed_.wait_for(lock, 10ms, [&] { return closed_ || sent < height_; });
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint32_t height_ = 1;
    bool closed_ = false;
    std::unique_ptr<FakeNode> node_;
};

NodeOptions impatient(const std::string& name, const FakeNode& node) {
    auto options = named(name, node);
    options.no_message_timeout = 3s;
    options.sleep_between_keep_alive_checks = 1s;
    options.delay_between_retries = 600s;
    return options;
}

TEST(Conditions, ANodeWithoutBlocksIsConnectedAnewWhileOthersAdvance) {
    GrowingNode a;
    GrowingNode b;
    Reading reading({impatient("a", a.node()), impatient("b", b.node())});
    ASSERT_TRUE(reading.receive(2));
    EXPECT_TRUE(eventually([&] {
        b.grow();
        return reading.report("a")->state == Repairing;
    }));
    EXPECT_EQ(reading.report("a")->cause, NodeCause::Stalled);
    EXPECT_GT(reading.report("a")->blocks_behind, 0U);
    EXPECT_THAT(reading.history("b"), ElementsAre(Connecting, Running));
}

TEST(Conditions, AMissingEndpointMakesAPartialNode) {
    const auto node = node_with(only_version);
    node->serve("/events/sigs", [](const Peer& peer) { peer.send("HTTP/1.1 500 Oops\r\n\r\n"); });
    auto options = named("a", *node);
    options.allow_partial_connection = true;
    Reading reading({options});
    ASSERT_TRUE(reading.reaches("a", Running));
    EXPECT_TRUE(eventually([&] { return reading.report("a")->partial; }));
    EXPECT_TRUE(eventually([&] {
        return reading.report("a")->connected == std::array<bool, base::kNodeFilterCount>{true, true, false};
    }));
}

}  // namespace
}  // namespace upstream::testing
