#include "stream/stream_server.h"

#include <random>

#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;
using support::RawClient;

TEST_F(StreamServerTest, LiveEventsFollowTheLatestApiVersion) {
    store({version(6), event(Kind::Fault, 1)});
    open();
    auto client = subscribe("/events/main");
    ASSERT_EQ(body_with(client, "ApiVersion"), version_text(6));
    feed({event(Kind::Fault, 2)});
    EXPECT_EQ(body_with(client, "id:2"), version_text(6) + frame_text(2, R"({"Fault":2})"));
}

TEST_F(StreamServerTest, ReplayHasTheVersionBeforeTheFirstEventAndAtEachChange) {
    store({event(Kind::Fault, 1), version(5), event(Kind::Fault, 2), event(Kind::Fault, 3), version(6),
           event(Kind::Fault, 4)});
    open();
    auto client = subscribe("/events/main?start_from=1");
    EXPECT_EQ(body_with(client, "id:4"),
              frame_text(1, R"({"Fault":1})") + version_text(5) + frame_text(2, R"({"Fault":2})") +
                  frame_text(3, R"({"Fault":3})") + version_text(6) + frame_text(4, R"({"Fault":4})"));
}

TEST_F(StreamServerTest, ANewVersionIsBroadcastOnlyWhenItIsTheGreatest) {
    store({version(6)});
    open();
    auto client = subscribe("/events/sigs");
    ASSERT_EQ(body_with(client, "ApiVersion"), version_text(6));
    feed({version(5), version(6)});
    feed({version(7)});
    EXPECT_EQ(body_with(client, "1.5.7"), version_text(6) + version_text(7));
}

TEST_F(StreamServerTest, TheSidecarsEndpointHasItsVersionAndItsOwnShutdownOnly) {
    store({version(6), event(Kind::Fault, 1)});
    open();
    auto client = subscribe("/events/sidecar?start_from=1");
    auto shutdown = event(Kind::Shutdown, 9, "\"Shutdown\"");
    shutdown.filter = base::Filter::Sidecar;
    feed({version(7), event(Kind::Fault, 2), shutdown});
    EXPECT_EQ(body_with(client, "id:3"),
              "data:{\"SidecarVersion\":\"0.9.0\"}\n\n" + frame_text(3, "\"Shutdown\""));
}

TEST_F(StreamServerTest, OlderThanTheRingIsServedFromTheLogWithoutASeam) {
    base::EventBatch events;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        events.push_back(event(i % 3 == 0 ? Kind::Fault : Kind::FinalitySignature, i));
    }
    store(events);
    open({.event_stream_buffer_length = 100});
    auto client = subscribe("/events/main?start_from=2");
    for (std::uint64_t i = 3001; i <= 6000; i += 30) {
        base::EventBatch more;
        for (std::uint64_t j = i; j < i + 30; ++j) {
            more.push_back(event(j % 3 == 0 ? Kind::Fault : Kind::FinalitySignature, j));
        }
        feed(std::move(more));
    }
    std::string expected;
    for (std::uint64_t i = 3; i <= 6000; i += 3)
        expected += frame_text(i, fmt::format(R"({{"Fault":{}}})", i));
    EXPECT_EQ(body_with(client, "id:6000\n"), expected);
}

TEST_F(StreamServerTest, Http10IsServedWithoutChunks) {
    store({event(Kind::Fault, 1), event(Kind::Fault, 2)});
    open({.event_stream_buffer_length = 1});
    RawClient client(server_->port());
    client.send("GET /events/main?start_from=1 HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("id:2\n\n"));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.0 200 OK\r\n"));
    EXPECT_TRUE(client.received().ends_with("\r\n\r\n" + frame_text(1, R"({"Fault":1})") +
                                            frame_text(2, R"({"Fault":2})")));
}

TEST_F(StreamServerTest, TheLimitOfSubscribersHoldsOverAllEndpointsAndIsGivenBack) {
    open({.max_concurrent_subscribers = 2});
    auto first = subscribe("/events/main");
    ASSERT_TRUE(first.read_until_contains("\r\n\r\n"));
    {
        auto second = subscribe("/events/sigs");
        ASSERT_TRUE(second.read_until_contains("\r\n\r\n"));
        auto third = subscribe("/events/deploys");
        ASSERT_TRUE(third.read_until_contains("server has reached limit of subscribers"));
    }
    const auto accepted = [&] {
        auto client = subscribe("/events/deploys");
        client.read_until_contains("\r\n\r\n");
        return client.received().starts_with("HTTP/1.1 200");
    };
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    bool ok = false;
    while (!ok && std::chrono::steady_clock::now() < deadline) ok = accepted();
    EXPECT_TRUE(ok) << "the place of a client that left is free again";
}

TEST_F(StreamServerTest, AnUnreadableLogRefusesOlderCursorsAndLeavesTheRest) {
    store({event(Kind::Fault, 1), event(Kind::Fault, 2), event(Kind::Fault, 3)});
    open({.event_stream_buffer_length = 1});
    log_.reads_fail = true;
    const auto refused = support::fetch(server_->port(), "GET /events/main?start_from=1 HTTP/1.1\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_NE(refused.find("retry-after:"), std::string::npos);
    auto from_ring = subscribe("/events/main?start_from=3");
    ASSERT_TRUE(from_ring.read_until_contains("id:3\n"));
    feed({event(Kind::Fault, 4)});
    EXPECT_EQ(body_with(from_ring, "id:4"),
              frame_text(3, R"({"Fault":3})") + frame_text(4, R"({"Fault":4})"));
}

TEST_F(StreamServerTest, ASubscriberThatFallsBehindGetsEveryEventInTheEnd) {
    open({.event_stream_buffer_size = 400'000, .max_storage_replays = 1});
    std::vector<RawClient> slow;
    for (int i = 0; i < 5; ++i) {
        slow.push_back(subscribe("/events/main", "", 4096));
        ASSERT_TRUE(slow.back().read_until_contains("\r\n\r\n"));
    }
    const std::string filler(20'000, 'x');
    std::string expected;
    for (std::uint64_t i = 1; i <= 600; ++i) {
        const auto payload = fmt::format(R"({{"Fault":"{}{}"}})", i, filler);
        feed({event(Kind::Fault, i, payload)});
        expected += frame_text(i, payload);
    }
    auto fast = subscribe("/events/main?start_from=1");
    EXPECT_TRUE(fast.read_until_contains("id:600\n")) << "one that never reads does not keep its turn";
    for (auto& client : slow) {
        ASSERT_TRUE(client.read_until_contains("id:600\n"));
        EXPECT_TRUE(support::body_of(client.received()) == expected);
    }
}

TEST_F(StreamServerTest, WhatAPausedSubscriberHasStillToGetStaysInMemory) {
    open({.event_stream_buffer_length = 20, .threads = 1});
    auto client = subscribe("/events/main", "", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    const std::string filler(20'000, 'x');
    for (std::uint64_t i = 1; i <= 600; ++i) feed({event(Kind::Fault, i, filler)});
    ASSERT_TRUE(support::eventually([&] { return server_->ring().next == 601; }));
    EXPECT_LT(server_->ring().first, 580U) << "more than the newest twenty";
    EXPECT_TRUE(client.read_until_contains("id:600\n"));
    EXPECT_EQ(server_->replay_count(), 0U) << "the log is slower than memory";
    // What is held is looked at from time to time.
    std::uint64_t newest = 600;
    EXPECT_TRUE(support::eventually([&] {
        feed({event(Kind::Fault, ++newest)});
        const bool got = client.read_until_contains(fmt::format("id:{}\n", newest));
        const auto ring = server_->ring();
        return got && ring.next - ring.first == 20;
    })) << "the newest twenty, when nobody is behind";
}

TEST_F(StreamServerTest, ASubscriberThatTakesNothingIsDisconnectedAndCounted) {
    open({.event_stream_buffer_length = 5, .subscriber_write_timeout = 1s});
    auto client = subscribe("/events/main", "", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    const std::string filler(1'000'000, 'x');
    for (std::uint64_t i = 1; i <= 20; ++i) feed({event(Kind::Fault, i, filler)});
    auto& timeouts = metrics_.disconnect("write_timeout");
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (timeouts.Value() == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(timeouts.Value(), 1);
}

/// The kernel says that a socket is writable only when much of its buffer is free; until then such a reader
/// must not be taken for one that does not read.
TEST_F(StreamServerTest, ASubscriberThatReadsSlowlyButSteadilyIsNotDisconnected) {
    open({.event_stream_buffer_length = 5, .subscriber_write_timeout = 3s});
    auto client = subscribe("/events/main", "", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    feed({event(Kind::Fault, 1, std::string(30'000'000, 'x'))});
    const auto begin = std::chrono::steady_clock::now();
    for (auto tick = 100ms; tick <= 8s; tick += 100ms) {
        client.forget_received();
        ASSERT_TRUE(client.read_until([](const std::string& all) { return all.size() > 20'000; }));
        while (std::chrono::steady_clock::now() < begin + tick) std::this_thread::yield();
    }
    EXPECT_EQ(metrics_.disconnect("write_timeout").Value(), 0);
    EXPECT_FALSE(client.closed());
}

TEST_F(StreamServerTest, AFramePrunedHalfWayEndsTheStreamInsteadOfGarblingIt) {
    open({.event_stream_buffer_size = 17'000'000});
    auto client = subscribe("/events/main", "", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    const std::string filler(8'000'000, 'x');
    for (std::uint64_t i = 1; i <= 5; ++i) feed({event(Kind::Fault, i, filler)});
    auto other = subscribe("/events/main?start_from=5");
    ASSERT_TRUE(other.read_until_contains("id:5\n"));
    log_.prune_below(5);
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("pruned").Value() == 1; }));
    EXPECT_EQ(client.received().find("\nid:"), std::string::npos);
}

TEST_F(StreamServerTest, AReplayThatPruningOvertakesEndsAndIsCounted) {
    open({.event_stream_buffer_size = 25'000});
    const std::string filler(10'000, 'x');
    base::EventBatch events;
    for (std::uint64_t i = 1; i <= 3000; ++i) events.push_back(event(Kind::Fault, i, filler));
    feed(std::move(events));
    auto client = subscribe("/events/main?start_from=1", "", 4096);
    ASSERT_TRUE(client.read_until_contains("id:1\n"));
    log_.prune_below(2990);  // far beyond what the socket can hold
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("pruned").Value() == 1; }));
    EXPECT_EQ(client.received().find("\nid:2990\n"), std::string::npos) << "a gap that nobody was told of";
}

TEST_F(StreamServerTest, WhatIsKeptBelowTheOldestIdIsReplayedUnderAGap) {
    open({.event_stream_buffer_length = 2});
    base::EventBatch events;
    for (std::uint64_t i = 1; i <= 20; ++i) events.push_back(event(Kind::Fault, i));
    feed(std::move(events));
    ASSERT_TRUE(support::eventually([&] { return server_->ring().next == 21; }));
    log_.prune_below(10, 5);
    auto client = subscribe("/events/main?start_from=2");
    ASSERT_TRUE(client.read_until_contains("id:20\n"));
    EXPECT_NE(client.received().find("x-sidecar-gap: 2-9\r\n"), std::string::npos) << client.received();
    EXPECT_NE(client.received().find("id:5\n"), std::string::npos);
    EXPECT_NE(client.received().find("id:10\n"), std::string::npos);
}

TEST_F(StreamServerTest, StoppingLetsSubscribersHaveWhatTheyAreDueAndEndsTheBodyProperly) {
    open();
    auto client = subscribe("/events/main");
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    base::EventBatch events;
    std::string expected;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        events.push_back(event(Kind::Fault, i));
        expected += frame_text(i, events.back().payload);
    }
    feed(std::move(events));
    publisher_->stop();
    server_->stop(5s);
    ASSERT_TRUE(client.read_to_end());
    EXPECT_EQ(support::body_of(client.received()), expected);
    EXPECT_TRUE(client.received().ends_with("\r\n0\r\n\r\n"));
}

TEST_F(StreamServerTest, StoppingWhileCursorsAreStillCheckedIsSafe) {
    store({event(Kind::Fault, 1), event(Kind::Fault, 2), event(Kind::Fault, 3)});
    open({.event_stream_buffer_length = 1});
    log_.reads_wait = true;
    std::vector<RawClient> clients;
    for (int i = 0; i < 12; ++i) clients.push_back(subscribe("/events/main?start_from=1"));
    ASSERT_TRUE(support::eventually([&] { return log_.reads >= 1; }));
    std::thread stop([&] { server_->stop(0s); });
    log_.reads_wait = false;
    log_.reads_wait.notify_all();
    stop.join();
    server_.reset();
    for (auto& client : clients) EXPECT_TRUE(client.read_to_end());
}

TEST_F(StreamServerTest, ASteadyReaderIsServedWhileAnotherHoldsTheOnlyTurn) {
    base::EventBatch events;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        events.push_back(
            event(Kind::Fault, i, fmt::format(R"({{"Fault":"{}{}"}})", i, std::string(5000, 'x'))));
    }
    store(events);
    open({.event_stream_buffer_length = 10, .max_storage_replays = 1});
    auto slow = subscribe("/events/main?start_from=1", "", 4096);
    ASSERT_TRUE(slow.read_until_contains("id:1\n"));
    auto fast = subscribe("/events/main?start_from=1");
    while (!fast.closed() && fast.received().find("id:3000\n") == std::string::npos) {
        ASSERT_TRUE(slow.read_until([size = slow.received().size()](const std::string& all) {
            return all.size() > size;
        })) << "the slow one moves all the time";
        fast.read_until_contains("id:3000\n", 20ms);
    }
    EXPECT_LT(slow.received().size(), fast.received().size());
}

TEST_F(StreamServerTest, AFailingLogLosesNothing) {
    open();
    auto client = subscribe("/events/main");
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    log_.appends_fail = true;
    for (std::uint64_t i = 1; i <= 50; ++i) feed({event(Kind::Fault, i)});
    log_.appends_fail = false;
    std::string expected;
    for (std::uint64_t i = 1; i <= 50; ++i) expected += frame_text(i, fmt::format(R"({{"Fault":{}}})", i));
    EXPECT_EQ(body_with(client, "id:50"), expected);
}

TEST_F(StreamServerTest, AgreesWithANaiveModelForAnyCursor) {
    std::mt19937 random(11);
    constexpr std::array kKindsUsed{Kind::BlockAdded, Kind::DeployAccepted, Kind::FinalitySignature,
                                    Kind::Step};
    base::EventBatch events;
    std::vector<std::pair<Kind, std::uint32_t>> model;
    std::uint32_t patch = 1;
    events.push_back(version(patch));
    for (std::uint64_t i = 1; i <= 2000; ++i) {
        if (random() % 300 == 0) events.push_back(version(++patch));
        const auto kind = kKindsUsed[random() % kKindsUsed.size()];
        events.push_back(event(kind, i));
        model.emplace_back(kind, patch);
    }
    store(events);
    open({.max_concurrent_subscribers = 1000, .event_stream_buffer_length = 300});

    for (int round = 0; round < 60; ++round) {
        const auto endpoint = base::kEndpoints[random() % 4];
        const base::EventId from = 1 + random() % 2000;
        std::string expected;
        std::uint32_t announced = 0;
        for (base::EventId id = from; id <= 2000; ++id) {
            const auto [kind, at_patch] = model[id - 1];
            if (!base::row_of(kind).endpoints.contains(endpoint)) continue;
            if (at_patch > announced) expected += version_text(at_patch);
            announced = at_patch;
            expected += frame_text(id, fmt::format(R"({{"{}":{}}})", base::row_of(kind).name, id));
        }
        if (announced < patch) expected += version_text(patch);
        const bool by_header = random() % 2 == 0;
        auto client = by_header
                          ? subscribe(std::string(base::endpoint_path(endpoint)),
                                      fmt::format("last-event-id: {}\r\n", from - 1))
                          : subscribe(fmt::format("{}?start_from={}", base::endpoint_path(endpoint), from));
        client.read_until(
            [&](const std::string& all) { return support::body_of(all).size() >= expected.size(); }, 20s);
        ASSERT_EQ(support::body_of(client.received()), expected)
            << base::endpoint_path(endpoint) << " from " << from;
    }
}

// --- several instances on one log ---

TEST_F(StreamServerTest, ACursorOfAnInstanceThatIsAheadWithholdsWhatItHadAlready) {
    store({event(Kind::Fault, 1)});
    open();
    log_.append_elsewhere({event(Kind::Fault, 2), event(Kind::Fault, 3)});
    auto client = subscribe("/events/main", "last-event-id: 2\r\n");
    ASSERT_TRUE(
        client.read_until([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; }));
    EXPECT_EQ(client.received().find("x-sidecar-gap"), std::string::npos) << client.received();
    EXPECT_NE(client.received().find("x-sidecar-newest-id: 3"), std::string::npos) << client.received();
    log_.learn();
    EXPECT_EQ(body_with(client, "id:3"), frame_text(3, R"({"Fault":3})"));
}

TEST_F(StreamServerTest, ACursorAboveTheHeadOfAllIsUnknown) {
    store({event(Kind::Fault, 1)});
    open();
    log_.append_elsewhere({event(Kind::Fault, 2)});
    auto client = subscribe("/events/main", "last-event-id: 3\r\n");
    client.read_until([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; });
    EXPECT_NE(client.received().find("x-sidecar-gap: unknown"), std::string::npos) << client.received();
}

TEST_F(StreamServerTest, WhileTheHeadIsNotKnownACursorBeyondIsAskedToComeAgain) {
    store({event(Kind::Fault, 1)});
    open();
    log_.reads_fail = true;
    auto client = subscribe("/events/main", "last-event-id: 9\r\n");
    client.read_until([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; });
    EXPECT_EQ(client.received().substr(0, 12), "HTTP/1.1 503");
    auto live = subscribe("/events/main?start_from=9");
    live.read_until([](const std::string& all) { return all.find("\r\n\r\n") != std::string::npos; });
    EXPECT_EQ(live.received().substr(0, 12), "HTTP/1.1 200");
}

TEST_F(StreamServerTest, OwnEventsOfOtherInstancesAreNotInTheRing) {
    auto shutdown = event(Kind::Shutdown, 1);
    shutdown.filter = base::Filter::Sidecar;
    log_.append_elsewhere({shutdown}, true);
    log_.learn();
    open();
    auto client = subscribe("/events/sidecar?start_from=0");
    auto own = event(Kind::Shutdown, 2);
    own.filter = base::Filter::Sidecar;
    feed({own});
    const auto body = body_with(client, "id:2");
    EXPECT_EQ(body.find("id:1"), std::string::npos) << body;
}

}  // namespace
}  // namespace stream
