// Connections to a node: how they are made, and how they fail.

#include <atomic>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "reading.h"
#include "scripts.h"

namespace upstream::testing {
namespace {

using namespace std::chrono_literals;
using base::Filter;

TEST(Node, WrongAnswersUseUpTheAttempts) {
    for (const std::string answer : {"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\n\r\n", "nonsense\r\n\r\n", ""}) {
        const auto node = node_with([&](const Peer& peer) { peer.send(answer); });
        auto options = options_for(*node);
        options.max_attempts = 2;
        Reading reading({options});
        EXPECT_TRUE(reading.reaches(options, -1)) << answer;
        EXPECT_TRUE(eventually([&] { return reading.unavailable_calls == 1; }));
        EXPECT_EQ(reading.errors("fetching_from_stream_failed"), 2) << answer;
        EXPECT_TRUE(eventually([&] { return node->open("/events") == 0; }));
        EXPECT_EQ(node->most_open("/events/sigs"), 1);
    }
}

TEST(Node, AFilterThatEndsTakesItsSiblingsAlong) {
    std::atomic<int> visits = 0;
    const auto node = node_with([&](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(step(1), 1);
        if (visits++ >= 3) peer.wait_until_closed();
    });
    Reading reading({options_for(*node)});
    ASSERT_TRUE(eventually([&] { return node->targets("/events/main").size() == 4; }));
    ASSERT_TRUE(eventually([&] { return node->targets("/events/sigs").size() == 4; }));
    EXPECT_EQ(node->most_open("/events/sigs"), 1);
    EXPECT_EQ(node->most_open("/events/deploys"), 1);
}

TEST(Node, ASilentStreamIsConnectedAnew) {
    const auto node = node_with(only_version);
    auto options = options_for(*node);
    options.no_message_timeout = 1s;
    options.sleep_between_keep_alive_checks = 1s;
    Reading reading({options});
    EXPECT_TRUE(eventually([&] { return node->targets("/events/main").size() >= 2; }));
    EXPECT_GE(reading.errors("fetching_from_stream_failed"), 1);
}

TEST(Node, KeepAlivesAreSignsOfLife) {
    Gate done;
    const auto talk = [&done](const Peer& peer) {
        peer.begin_stream();
        for (int i = 0; i < 25; ++i) {
            if (peer.closed_within(200ms)) break;
            peer.send(":\n\n");
        }
        done.open();
        peer.wait_until_closed();
    };
    const auto node = node_with(talk);
    node->serve("/events/deploys", talk);
    node->serve("/events/sigs", talk);
    auto options = options_for(*node);
    options.no_message_timeout = 3s;
    options.sleep_between_keep_alive_checks = 1s;
    Reading reading({options});
    done.wait();
    EXPECT_EQ(node->targets("/events/main").size(), 1U);
}

TEST(Node, ANodeThatNeverAnswersTimesOut) {
    const auto node = node_with([](const Peer& peer) { peer.wait_until_closed(); });
    auto options = options_for(*node);
    options.connection_timeout = 1s;
    options.max_attempts = 1;
    Reading reading({options});
    EXPECT_TRUE(reading.reaches(options, -1));
}

TEST(Node, AHeadWithoutAFirstFrameTimesOut) {
    const auto node = node_with([](const Peer& peer) {
        peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n");
        peer.wait_until_closed();
    });
    auto options = options_for(*node);
    options.connection_timeout = 1s;
    options.max_attempts = 1;
    Reading reading({options});
    EXPECT_TRUE(reading.reaches(options, -1));
}

TEST(Node, APartialConnectionIsCompletedBesideTheOthers) {
    const auto node = node_with(replaying({{1, 1}}));
    node->serve("/events/sigs",
                [](const Peer& peer) { peer.send("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"); });
    auto options = options_for(*node);
    options.allow_partial_connection = true;
    Reading reading({options});
    ASSERT_TRUE(reading.receive(1));
    EXPECT_TRUE(reading.reaches(options, 2));
    ASSERT_TRUE(eventually([&] { return node->targets("/events/sigs").size() >= 3; }));
    node->serve("/events/sigs", replaying({{2, 2}}));
    ASSERT_TRUE(reading.receive(2));
    EXPECT_EQ(node->targets("/events/main").size(), 1U);
    EXPECT_EQ(reading.status(options), 2);
}

TEST(Node, APartialConnectionNeedsOneEndpoint) {
    FakeNode node;
    node.serve_status(kStatus);
    auto options = options_for(node);
    options.allow_partial_connection = true;
    options.max_attempts = 2;
    Reading reading({options});
    EXPECT_TRUE(reading.reaches(options, -1));
}

TEST(Node, Ipv6InBrackets) {
    if (!has_ipv6()) GTEST_SKIP() << "no IPv6 on loopback";
    std::string head;
    Gate asked;
    const auto node = node_with(
        [&](const Peer& peer) {
            head = peer.head();
            asked.open();
            replaying({{1, 1}})(peer);
        },
        true);
    for (const char* host : {"::1", "[::1]"}) {
        auto options = options_for(*node);
        options.ip_address = host;
        Reading reading({options});
        ASSERT_TRUE(reading.receive(1)) << host;
        EXPECT_NE(head.find(fmt::format("Host: [::1]:{}\r\n", node->port())), std::string::npos) << head;
    }
}

TEST(Node, HostNames) {
    if (!resolves("localhost")) GTEST_SKIP() << "this system does not know the name localhost";
    const auto node = node_with(replaying({{1, 1}}));
    auto options = options_for(*node);
    options.ip_address = "localhost";
    Reading reading({options});
    EXPECT_TRUE(reading.receive(1));
}

TEST(Node, Incompatible) {
    const auto node = node_with(only_version);
    node->serve_status(R"({"build_version":"1.5.1","chainspec_name":"casper"})");
    const auto options = options_for(*node);
    Reading reading({options});
    EXPECT_TRUE(reading.reaches(options, -2));
    EXPECT_TRUE(eventually([&] { return reading.unavailable_calls == 1; }));
    EXPECT_TRUE(node->targets("/events/main").empty());
    EXPECT_TRUE(reading.stop());
}

TEST(Node, UnreadableStatusIsCountedAndTriedAgain) {
    const auto node = node_with(only_version);
    node->serve_status(R"({"build_version":5})");
    auto options = options_for(*node);
    options.max_attempts = 3;
    Reading reading({options});
    EXPECT_TRUE(reading.reaches(options, -1));
    EXPECT_EQ(reading.errors("version_value_not_a_string", "fetching_build_version_for_node"), 3);
}

TEST(Node, StatusInChunksOrUntilClose) {
    const std::string body = kStatus;
    for (const std::string& answer : {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
                                          fmt::format("{:x}\r\n{}\r\n0\r\n\r\n", body.size(), body),
                                      "HTTP/1.0 200 OK\r\n\r\n" + body}) {
        const auto node = node_with(only_version);
        node->serve("/status", [&](const Peer& peer) { peer.send(answer); });
        const auto options = options_for(*node);
        Reading reading({options});
        EXPECT_TRUE(reading.reaches(options, 2)) << answer;
    }
}

TEST(Node, ADefunctNodeIsTriedAgainIfSoConfigured) {
    const auto node = node_with(only_version);
    node->serve_status("no json");
    auto options = options_for(*node);
    options.max_attempts = 1;
    options.defunct_retry_after = 1s;
    Reading reading({options});
    ASSERT_TRUE(reading.reaches(options, -1));
    node->serve_status(kStatus);
    EXPECT_TRUE(reading.reaches(options, 2));
}

TEST(Node, SuspendedNodesAreLeftAlone) {
    const auto node = node_with(only_version);
    auto suspended = options_for(*node);
    suspended.max_attempts = 0;
    NodeOptions dead = suspended;
    dead.ip_address = "localhost";
    dead.name = "dead";
    dead.rest_port = closed_port();
    dead.max_attempts = 2;
    Reading reading({suspended, dead});
    EXPECT_TRUE(reading.reaches(dead, -1));
    EXPECT_TRUE(eventually([&] { return reading.unavailable_calls == 1; }));
    EXPECT_EQ(reading.status(suspended), 0);
    EXPECT_TRUE(node->targets("/status").empty());
}

TEST(Network, TwoNetworksAtAnEmptyLogRefuseToStart) {
    const auto one = node_with(replaying({{1, 1}}));
    const auto other = node_with(replaying({{1, 1}}));
    other->serve_status(R"({"build_version":"1.5.6","chainspec_name":"casper-test"})");
    Reading reading({options_for(*one), options_for(*other)},
                    [](Dependencies& with) { with.log_is_empty = true; });
    ASSERT_TRUE(eventually([&] { return reading.failed_to_start_calls == 1; }));
    for (const auto& text : {options_for(*one).name, options_for(*other).name, std::string("casper-test")}) {
        EXPECT_NE(reading.start_failure.find(text), std::string::npos) << reading.start_failure;
    }
    EXPECT_EQ(reading.queue.cost(), 0U);
    EXPECT_TRUE(one->targets("/events/main").empty());
    EXPECT_TRUE(reading.stop());
}

TEST(Network, UnreachableNodesDoNotHoldUpTheFirstProbe) {
    const auto node = node_with(replaying({{1, 1}}));
    auto dead = options_for(*node);
    dead.name = "dead";
    dead.ip_address = "localhost";
    dead.rest_port = closed_port();
    dead.max_attempts = 1;
    Reading reading({options_for(*node), dead}, [](Dependencies& with) { with.log_is_empty = true; });
    EXPECT_TRUE(reading.receive(1));
    EXPECT_TRUE(reading.reaches(dead, -1));
    EXPECT_EQ(node->targets("/status").size(), 1U) << "the first probe counts as the first round's";
}

TEST(Network, ANodeOfAnotherNetworkIsIncompatible) {
    const auto node = node_with(replaying({{1, 1}}));
    const auto options = options_for(*node);
    Reading reading({options}, [](Dependencies& with) {
        with.required_network = "casper-test";
        with.log_is_empty = true;
    });
    EXPECT_TRUE(reading.reaches(options, -2));
    EXPECT_EQ(reading.queue.cost(), 0U);
}

TEST(Network, ANodeThatDoesNotNameItsNetworkIsAccepted) {
    const auto node = node_with(replaying({{1, 1}}));
    node->serve_status(R"({"build_version":"1.5.6"})");
    Reading reading({options_for(*node)});
    ASSERT_TRUE(reading.receive(1));
    EXPECT_EQ(reading.networks.back(), "");
}

}  // namespace
}  // namespace upstream::testing
