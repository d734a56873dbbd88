#include "upstream/node_connection.h"

#include <condition_variable>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <mutex>

#include "reading.h"
#include "upstream/natural_key.h"

namespace upstream::testing {
namespace {

using namespace std::chrono_literals;
using base::Filter;

constexpr const char* kStatus = R"({"build_version":"1.5.6-abc","chainspec_name":"casper"})";

/// A flag that scripts wait for.
class Gate {
  public:
    void open() {
        {
            const std::lock_guard lock(mutex_);
            is_open_ = true;
        }
        changed_.notify_all();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, 10s, [this] { return is_open_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_open_ = false;
};

void only_version(const Peer& peer) {
    peer.begin_stream();
    peer.wait_until_closed();
}

/// A node whose main endpoint runs the script and whose others only stay open.
std::unique_ptr<FakeNode> node_with(FakeNode::Script main, bool ipv6 = false) {
    auto node = std::make_unique<FakeNode>(ipv6);
    node->serve_status(kStatus);
    node->serve("/events/main", std::move(main));
    node->serve("/events/deploys", only_version);
    node->serve("/events/sigs", only_version);
    return node;
}

/// As a node answers: its events from start_from on, then nothing.
FakeNode::Script replaying(std::vector<std::pair<std::uint32_t, std::uint64_t>> steps) {
    return [steps = std::move(steps)](const Peer& peer) {
        peer.begin_stream();
        std::string events;
        for (const auto& [id, era] : steps) {
            if (id >= peer.start_from()) events += fmt::format("data:{}\nid:{}\n\n", step(era), id);
        }
        peer.send(events);
        peer.wait_until_closed();
    };
}

ResumePoint resume_at(std::uint32_t id, std::uint64_t era, std::uint32_t generation = 0) {
    return {.position = {.event_id = id, .generation = generation},
            .kind = base::Kind::Step,
            .key = {.first = key_of_number(era), .second = {}}};
}

TEST(Node, ReadsAllThreeEndpointsInOrder) {
    const auto node = node_with(replaying({{1, 10}, {4, 11}}));
    node->serve("/events/sigs", [](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(R"({"FinalitySignature":{"block_hash":"aa","era_id":1,"public_key":"01"}})", 2);
        peer.send(":\n\n");
        peer.send_event("\"Shutdown\"", 3);
        peer.wait_until_closed();
    });
    const auto options = options_for(*node);
    Reading reading({options});
    ASSERT_TRUE(reading.receive(4));
    EXPECT_EQ(reading.ids(Filter::Main), (std::vector<std::uint32_t>{1, 4}));
    EXPECT_EQ(reading.ids(Filter::Sigs), (std::vector<std::uint32_t>{2, 3}));
    EXPECT_EQ(reading.versions.size(), 3U);
    EXPECT_TRUE(reading.reaches(options, 2));
    EXPECT_EQ(reading.networks.front(), "casper");
    for (const auto& event : reading.events) {
        EXPECT_EQ(event.node, options.name);
        EXPECT_FALSE(event.payload.empty());
        if (event.kind == base::Kind::Shutdown) {
            EXPECT_EQ(event.key,
                      occurrence_key(options.name, Filter::Sigs, {.event_id = 3, .generation = 0}));
        }
    }
    EXPECT_EQ(node->targets("/events/main"), std::vector<std::string>{"/events/main?start_from=0"});
    EXPECT_TRUE(reading.stop());
}

TEST(Node, AsksAsAnEventStreamClientDoes) {
    std::string head;
    Gate asked;
    const auto node = node_with([&](const Peer& peer) {
        head = peer.head();
        asked.open();
        only_version(peer);
    });
    const auto options = options_for(*node);
    Reading reading({options});
    asked.wait();
    EXPECT_NE(head.find("Accept: text/event-stream\r\n"), std::string::npos) << head;
    EXPECT_NE(head.find("Host: " + options.name + "\r\n"), std::string::npos) << head;
}

TEST(Node, ChunksCutAnywhere) {
    const auto node = node_with([](const Peer& peer) {
        peer.send(
            "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\nTransfer-Encoding: "
            "chunked\r\n\r\n");
        const std::string body = fmt::format(
            "data:{{\"ApiVersion\":\"1.5.6\"}}\n\ndata:{}\nid:1\n\ndata:{}\nid:2\n\n", step(1), step(2));
        for (std::size_t at = 0, size = 1; at < body.size(); at += size, size = size % 7 + 1) {
            const auto piece = body.substr(at, size);
            const auto chunk = fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
            peer.send(chunk.substr(0, 2));
            peer.send(chunk.substr(2));
        }
        peer.wait_until_closed();
    });
    Reading reading({options_for(*node)});
    ASSERT_TRUE(reading.receive(2));
    EXPECT_EQ(reading.events[1].payload, step(2));
    EXPECT_EQ(node->targets("/events/main").size(), 1U) << "a chunk was held back until the next one came";
}

TEST(Node, Http10AndContentLength) {
    const auto node = node_with([](const Peer& peer) {
        peer.send(
            "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata:{\"ApiVersion\":\"1.5.6\"}\n\n");
        peer.send_event(step(1), 1);
        peer.wait_until_closed();
    });
    node->serve("/events/deploys", [](const Peer& peer) {
        const auto body = fmt::format("data:{{\"ApiVersion\":\"1.5.6\"}}\n\ndata:{}\nid:2\n\n", step(2));
        peer.send(
            fmt::format("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: {}\r\n\r\n{}",
                        body.size() + 10, body));
        peer.wait_until_closed();
    });
    Reading reading({options_for(*node)});
    ASSERT_TRUE(reading.receive(2));
}

TEST(Node, ResumesBehindWhatItHandedOn) {
    std::atomic<int> visits = 0;
    const auto node = node_with([&](const Peer& peer) {
        const bool first = visits++ == 0;
        peer.begin_stream();
        for (const std::uint32_t id : {1U, 2U, 3U, 4U}) {
            if (id >= peer.start_from() && (id < 3 || !first)) peer.send_event(step(id), id);
        }
        if (!first) peer.wait_until_closed();
    });
    Reading reading({options_for(*node)});
    ASSERT_TRUE(reading.receive(4));
    EXPECT_EQ(reading.ids(), (std::vector<std::uint32_t>{1, 2, 3, 4}));
    EXPECT_EQ(node->targets("/events/main"),
              (std::vector<std::string>{"/events/main?start_from=0", "/events/main?start_from=2"}));
    EXPECT_EQ(reading.errors("fetching_from_stream_failed"), 1);
}

TEST(Node, AGapIsCountedAndTheNodeReadAnewInTheSameGeneration) {
    const auto node = node_with(replaying({{7, 7}}));
    node->serve("/events/deploys", replaying({{5, 5}, {9, 9}}));
    const auto options = options_for(*node);
    Reading reading({options}, [&](Dependencies& with) {
        with.resume[{options.name, Filter::Main}] = resume_at(7, 7, 2);
        with.resume[{options.name, Filter::Deploys}] = resume_at(3, 3, 2);
    });
    ASSERT_TRUE(reading.receive(3));
    EXPECT_EQ(reading.ids(Filter::Main), std::vector<std::uint32_t>{7}) << "known at first, then read anew";
    EXPECT_EQ(reading.ids(Filter::Deploys), (std::vector<std::uint32_t>{5, 9}));
    EXPECT_EQ(node->targets("/events/deploys"),
              (std::vector<std::string>{"/events/deploys?start_from=3", "/events/deploys?start_from=0"}));
    EXPECT_EQ(reading.events[0].position.generation, 2U);
    EXPECT_EQ(reading.metrics.node_gap(options.name, "events/deploys").Value(), 1);
    EXPECT_EQ(reading.metrics.node_gap(options.name, "events/main").Value(), 0);
}

TEST(Node, IdsThatStartedAgainAreReadAnewFromTheirBeginning) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        // Wiped: nothing at 100, but live events with low ids.
        const bool from_start = peer.start_from() == 0;
        if (from_start) peer.send_event(step(1), 0);
        peer.send_event(step(2), 1);
        peer.wait_until_closed();
    });
    const auto options = options_for(*node);
    Reading reading({options}, [&](Dependencies& with) {
        with.resume[{options.name, Filter::Main}] = resume_at(100, 9);
    });
    ASSERT_TRUE(reading.receive(2));
    EXPECT_EQ(reading.ids(), (std::vector<std::uint32_t>{0, 1}));
    EXPECT_EQ(reading.events[0].position.generation, 1U);
    for (const char* path : {"/events/main", "/events/deploys", "/events/sigs"}) {
        EXPECT_EQ(node->targets(path).size(), 2U) << path;
        EXPECT_EQ(node->most_open(path), 1) << path << ": two sets at once";
    }
}

TEST(Node, LowerIdsWithinAConnectionGoOn) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(step(1), 4294967295U);
        peer.send_event(step(2), 0);
        peer.wait_until_closed();
    });
    Reading reading({options_for(*node)});
    ASSERT_TRUE(reading.receive(2));
    EXPECT_EQ(reading.events[0].position, (base::NodePosition{4294967295U, 0}));
    EXPECT_EQ(reading.events[1].position, (base::NodePosition{0, 1}));
    EXPECT_EQ(node->targets("/events/main").size(), 1U);
}

TEST(Node, WhatCannotBeReadIsSkippedAndCounted) {
    const auto node = node_with([](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(R"({"Novelty":{}})", 1);
        peer.send_event("{broken", 2);
        peer.send("data:" + step(3) + "\n\n");
        peer.send("data:" + step(4) + "\nid:x\n\n");
        peer.send_event(R"({"Step":{"era_id":5,"x":")" + std::string(5000, 'x') + R"("}})", 5);
        peer.send("data:{\"ApiVersion\":\"bad\"}\n\n");
        peer.send("data:{\"ApiVersion\":\"1.5.7\"}\n\n");
        peer.send_event(step(6), 6);
        peer.wait_until_closed();
    });
    auto options = options_for(*node);
    options.max_event_size = 4096;
    Reading reading({options});
    ASSERT_TRUE(reading.receive(1));
    EXPECT_EQ(reading.ids(), std::vector<std::uint32_t>{6});
    EXPECT_EQ(reading.errors("deserialization_error:events/main"), 3);
    EXPECT_EQ(reading.errors("event_without_id"), 2);
    EXPECT_EQ(reading.errors("api_version_deserialization_failed"), 1);
    EXPECT_EQ(reading.versions.back().api_version, (base::ApiVersion{1, 5, 7}));
    EXPECT_EQ(node->targets("/events/main").size(), 1U) << "the stream must go on";
}

TEST(Node, TheFirstFrameMustBeAnApiVersion) {
    for (const auto& [first, metric] :
         {std::pair{"data:" + step(1) + "\nid:1\n\n", "api_version_expected"},
          std::pair{std::string("data:{\"ApiVersion\":\"1.5.6\"}\nid:1\n\n"), "api_version_expected"},
          std::pair{std::string("data:{\"ApiVersion\":\"x\"}\n\n"), "api_version_deserialization_failed"}}) {
        const auto node = node_with([&first = first](const Peer& peer) {
            peer.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + first);
            peer.wait_until_closed();
        });
        auto options = options_for(*node);
        options.max_attempts = 2;
        Reading reading({options});
        EXPECT_TRUE(reading.reaches(options, -1)) << first;
        EXPECT_EQ(reading.errors(metric), 2) << first;
        EXPECT_EQ(reading.queue.cost(), 0U) << "the healthy endpoints must wait for the third";
    }
}

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
        for (int i = 0; i < 12; ++i) {
            std::this_thread::sleep_for(200ms);  // the rhythm is what is tested
            peer.send(":\n\n");
        }
        done.open();
        peer.wait_until_closed();
    };
    const auto node = node_with(talk);
    node->serve("/events/deploys", talk);
    node->serve("/events/sigs", talk);
    auto options = options_for(*node);
    options.no_message_timeout = 1s;
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

TEST(Node, AFullQueuePausesTheReading) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> steps;
    for (std::uint32_t id = 0; id < 20000; ++id) steps.emplace_back(id, id);
    const auto node = node_with(replaying(steps));
    auto options = options_for(*node);
    options.no_message_timeout = 1s;
    options.sleep_between_keep_alive_checks = 1s;
    Reading reading({options}, {}, 100);
    ASSERT_TRUE(eventually([&] { return reading.queue.cost() >= 100; }));
    const auto full = reading.queue.cost();
    std::this_thread::sleep_for(2500ms);  // longer than no_message_timeout: the pause is not the node's fault
    EXPECT_LE(reading.queue.cost(), full + 64 * 1024 * 8);
    EXPECT_EQ(node->most_open("/events/main"), 1);
    ASSERT_TRUE(reading.receive(20000));
    std::vector<std::uint32_t> expected;
    for (const auto& [id, era] : steps) expected.push_back(id);
    EXPECT_EQ(reading.ids(), expected);
}

TEST(Node, StopsWhileTheQueueIsFull) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> steps;
    for (std::uint32_t id = 0; id < 20000; ++id) steps.emplace_back(id, id);
    const auto node = node_with(replaying(steps));
    Reading reading({options_for(*node)}, {}, 100);
    ASSERT_TRUE(eventually([&] { return reading.queue.cost() >= 100; }));
    EXPECT_TRUE(reading.stop());
    (void)reading.queue.take_all(0ms);  // late on_space callbacks must find nothing to wake
    (void)reading.queue.take_all(0ms);
}

TEST(Node, LargePayloadsAreStagedInOrder) {
    const std::string large = R"({"Step":{"era_id":2,"x":")" + std::string(3000, 'x') + R"("}})";
    const std::string known = R"({"Step":{"era_id":3,"x":")" + std::string(3000, 'y') + R"("}})";
    const auto node = node_with([&](const Peer& peer) {
        peer.begin_stream();
        peer.send_event(step(1), 1);
        peer.send_event(large, 2);
        peer.send_event(known, 3);
        peer.send_event(step(4), 4);
        peer.wait_until_closed();
    });
    std::vector<std::thread> stagers;
    std::atomic<std::uint64_t> next = 7;
    {
        Reading reading({options_for(*node)}, [&](Dependencies& with) {
            with.large_payload = 1000;
            with.stage_payload = [&](std::shared_ptr<const base::Event> event,
                                     std::function<void(std::uint64_t)> done) {
                const bool is_known = event->key.first == key_of_number(3);
                const auto number = is_known ? 0 : next++;
                EXPECT_GT(event->payload.size(), 3000U);
                stagers.emplace_back([done = std::move(done), number] { done(number); });
            };
        });
        ASSERT_TRUE(reading.receive(4));
        EXPECT_EQ(reading.ids(), (std::vector<std::uint32_t>{1, 2, 3, 4}));
        EXPECT_EQ(reading.events[1].staged_payload, 7U);
        EXPECT_EQ(reading.events[1].payload, large);
        EXPECT_EQ(reading.events[2].staged_payload, 0U);
        EXPECT_EQ(reading.events[2].payload, "");
        EXPECT_EQ(reading.events[3].staged_payload, 0U);
    }
    for (auto& stager : stagers) stager.join();
}

TEST(Node, StopsWhileStagingAndIgnoresALateAnswer) {
    const auto node = node_with(replaying({{1, 1}}));
    std::function<void(std::uint64_t)> late;
    Gate staging;
    {
        Reading reading({options_for(*node)}, [&](Dependencies& with) {
            with.large_payload = 1;
            with.stage_payload = [&](const std::shared_ptr<const base::Event>&,
                                     std::function<void(std::uint64_t)> done) {
                late = std::move(done);
                staging.open();
            };
        });
        staging.wait();
        EXPECT_TRUE(reading.stop());
        late(1);
        EXPECT_EQ(reading.queue.cost() > 1000, false);
    }
    late(2);
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
