// What is read from a node, and where it goes on.

#include <atomic>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "reading.h"
#include "scripts.h"
#include "upstream/natural_key.h"

namespace upstream::testing {
namespace {

using namespace std::chrono_literals;
using base::Filter;

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
            EXPECT_EQ(event.key, occurrence_key(node_identity(std::nullopt, "sidecar", options.name),
                                                Filter::Sigs, {.event_id = 3, .generation = 0}));
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

TEST(Node, AQuietEndpointWhoseLastEventIsNotHeldHasNoGap) {
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
    EXPECT_TRUE(reading.gaps().empty()) << "main was read up to 7, so deploys was, too";
    EXPECT_EQ(reading.metrics.node_gap(options.name, "events/deploys").Value(), 0);
}

TEST(Node, AGapIsStoredBeforeWhatFollowsIt) {
    const auto node = node_with(replaying({{50, 50}, {51, 51}}));
    node->serve("/events/sigs", replaying({{49, 49}}));
    const auto options = options_for(*node);
    std::mutex mutex;
    std::vector<std::pair<NodeGap, std::function<void()>>> saved;
    Reading reading({options}, [&](Dependencies& with) {
        with.resume[{options.name, Filter::Main}] = resume_at(3, 3);
        with.resume[{options.name, Filter::Sigs}] = resume_at(5, 5);
        with.save_gap = [&](const NodeGap& gap, std::function<void()> done) {
            const std::lock_guard lock(mutex);
            saved.emplace_back(gap, std::move(done));
        };
    });
    ASSERT_TRUE(eventually([&] {
        const std::lock_guard lock(mutex);
        return saved.size() == 3;
    }));
    EXPECT_EQ(reading.report(options.name)->gaps.size(), 3U);
    for (const auto& batch : reading.queue.take_all(0ms)) {
        for (const auto& event : batch.events) EXPECT_EQ(event.kind, base::Kind::ApiVersion);
    }
    const std::lock_guard lock(mutex);
    const auto expect_gap = [&](std::size_t i, Filter filter, std::uint32_t first, std::uint32_t last) {
        EXPECT_EQ(saved[i].first.filter, filter);
        EXPECT_EQ(saved[i].first.first, first);
        EXPECT_EQ(saved[i].first.last, last);
    };
    expect_gap(0, Filter::Main, 4, 49);
    expect_gap(1, Filter::Deploys, 6, 48);  // quiet so far, and read together with sigs
    expect_gap(2, Filter::Sigs, 6, 48);
    for (const auto& [gap, done] : saved) done();
    ASSERT_TRUE(reading.receive(3));
    EXPECT_EQ(reading.metrics.node_gap(options.name, "events/main").Value(), 1);
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
    const auto gaps = reading.gaps();
    ASSERT_EQ(gaps.size(), 3U);
    EXPECT_EQ(gaps[0].first, 101U);
    EXPECT_EQ(gaps[0].last, std::nullopt) << "how far the old ids went is not known";
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

}  // namespace
}  // namespace upstream::testing
