// Streams of which a filter in the query lets only some events pass.

#include <algorithm>
#include <array>
#include <random>

#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;
using support::RawClient;

base::KeyBytes deploy_hash(std::uint64_t number) {
    base::KeyBytes bytes(32, 0xab);
    for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}
base::KeyBytes account_key(std::uint8_t number) {
    base::KeyBytes bytes(33, number);
    bytes[0] = 1;
    return bytes;
}
std::string hex(const base::KeyBytes& bytes) {
    std::string text;
    for (const auto byte : bytes) text += fmt::format("{:02x}", byte);
    return text;
}

base::Event deploy(Kind kind, std::uint64_t number, std::uint8_t account_number = 0) {
    auto made = event(kind, number);
    made.key.first = deploy_hash(number);
    if (account_number != 0) made.account = account_key(account_number);
    return made;
}
base::Event of_era(Kind kind, std::uint64_t number, std::uint64_t era) {
    auto made = event(kind, number);
    made.era = era;
    return made;
}

class FilteredStreamTest : public StreamServerTest {
  protected:
    RawClient accepted(const std::string& target, int receive_buffer = 0) {
        auto client = subscribe(target, "", receive_buffer);
        EXPECT_TRUE(client.read_until_contains("\r\n\r\n"));
        return client;
    }
    /// Events that nobody asks for, from this number on.
    static base::EventBatch faults(std::uint64_t first, std::uint64_t count) {
        base::EventBatch events;
        for (std::uint64_t i = first; i < first + count; ++i) events.push_back(of_era(Kind::Fault, i, 1));
        return events;
    }
    void close() {
        TearDown();
        publisher_.reset();
        server_.reset();
    }
    void expect_body(const std::string& target, const std::string& expected) {
        auto client = accepted(target);
        EXPECT_EQ(body_with(client, expected), expected) << target;
    }
};

TEST_F(FilteredStreamTest, LiveEventsPassByTheirKindAndVersionsAlways) {
    store({version(5)});
    open();
    auto client = accepted("/events/main?kinds=BlockAdded%2CStep");
    ASSERT_EQ(body_with(client, "1.5.5"), version_text(5));
    feed({event(Kind::Fault, 1), event(Kind::Step, 2), event(Kind::DeployProcessed, 3)});
    feed({version(6)});
    ASSERT_EQ(body_with(client, "1.5.6"), version_text(5) + frame_text(2, R"({"Step":2})") + version_text(6));
    feed({event(Kind::Fault, 4), event(Kind::BlockAdded, 5)});
    EXPECT_EQ(body_with(client, "id:5"), version_text(5) + frame_text(2, R"({"Step":2})") + version_text(6) +
                                             frame_text(5, R"({"BlockAdded":5})"));
}

/// The Shutdown behind them shows that nothing else was to come.
TEST_F(FilteredStreamTest, EventsPassByTheirMembers) {
    for (const std::uint32_t ring_length : {100U, 1U}) {
        SCOPED_TRACE(ring_length == 1 ? "from the log" : "from the ring");
        if (log_.range().empty()) {
            store({deploy(Kind::DeployProcessed, 1, 1), deploy(Kind::DeployProcessed, 2, 2),
                   deploy(Kind::DeployExpired, 3), of_era(Kind::Step, 4, 9), of_era(Kind::BlockAdded, 5, 8),
                   of_era(Kind::FinalitySignature, 6, 9), event(Kind::Fault, 7), event(Kind::Shutdown, 8)});
        }
        open({.event_stream_buffer_length = ring_length});
        const auto end = frame_text(8, R"({"Shutdown":8})");
        const auto of_two = frame_text(2, R"({"DeployProcessed":2})");
        expect_body("/events/main?start_from=1&account=" + hex(account_key(2)), of_two + end);
        expect_body("/events/main?start_from=1&deploy_hash=" + hex(deploy_hash(2)), of_two + end);
        expect_body("/events?start_from=1&deploy_hash=" + hex(deploy_hash(2)), of_two + end);
        expect_body("/events/main?start_from=1&deploy_hash=" + hex(deploy_hash(3)),
                    frame_text(3, R"({"DeployExpired":3})") + end);
        expect_body("/events/main?start_from=1&era_id=9", frame_text(4, R"({"Step":4})") + end);
        expect_body("/events?start_from=1&era_id=9", frame_text(6, R"({"FinalitySignature":6})") + end);
        expect_body("/events/main?start_from=1&kinds=BlockAdded,DeployProcessed,Shutdown&era_id=8",
                    frame_text(5, R"({"BlockAdded":5})") + end);
        close();
    }
}

TEST_F(FilteredStreamTest, EventsPassByTheirMembersLive) {
    open();
    auto of_account = accepted("/events/deploys?account=" + hex(account_key(2)));
    auto of_era_9 = accepted("/events/sigs?era_id=9");
    feed({deploy(Kind::DeployAccepted, 1, 1), of_era(Kind::FinalitySignature, 2, 9),
          deploy(Kind::DeployAccepted, 3, 2), of_era(Kind::FinalitySignature, 4, 8)});
    EXPECT_EQ(body_with(of_account, "id:3"), frame_text(3, R"({"DeployAccepted":3})"));
    EXPECT_EQ(body_with(of_era_9, "id:2"), frame_text(2, R"({"FinalitySignature":2})"));
    log_.append_elsewhere({of_era(Kind::FinalitySignature, 5, 8), of_era(Kind::FinalitySignature, 6, 9),
                           deploy(Kind::DeployAccepted, 7, 1), deploy(Kind::DeployAccepted, 8, 2)});
    log_.learn();
    EXPECT_EQ(body_with(of_account, "id:8"),
              frame_text(3, R"({"DeployAccepted":3})") + frame_text(8, R"({"DeployAccepted":8})"));
    EXPECT_EQ(body_with(of_era_9, "id:6"),
              frame_text(2, R"({"FinalitySignature":2})") + frame_text(6, R"({"FinalitySignature":6})"));
}

TEST_F(FilteredStreamTest, AShutdownIsHeldBackByKindsOnly) {
    open();
    auto of_era_9 = accepted("/events/main?era_id=9");
    auto steps = accepted("/events/main?kinds=Step");
    feed({event(Kind::Shutdown, 1), of_era(Kind::Step, 2, 9)});
    EXPECT_EQ(body_with(of_era_9, "id:2"),
              frame_text(1, R"({"Shutdown":1})") + frame_text(2, R"({"Step":2})"));
    EXPECT_EQ(body_with(steps, "id:2"), frame_text(2, R"({"Step":2})"));
}

TEST_F(FilteredStreamTest, WhatIsRareInTheLogIsFoundAndAllThatFollows) {
    auto events = faults(1, 3000);
    events[1499] = of_era(Kind::Step, 1500, 1);
    store(events);
    open({.event_stream_buffer_length = 10});
    auto client = accepted("/events/main?kinds=Step&start_from=1");
    ASSERT_TRUE(client.read_until_contains("id:1500\n"));
    feed(faults(3001, 500));
    feed({of_era(Kind::Step, 3501, 1)});
    EXPECT_EQ(body_with(client, "id:3501"),
              frame_text(1500, R"({"Step":1500})") + frame_text(3501, R"({"Step":3501})"));
}

TEST_F(FilteredStreamTest, WhoSearchesTheLogInVainLetsOthersHaveTheirTurns) {
    constexpr std::uint64_t kEvents = 20'000;
    store(faults(1, kEvents));
    open({.event_stream_buffer_length = 10, .max_storage_replays = 1});
    log_.pages_wait = true;
    auto searching = subscribe("/events/main?kinds=Step&start_from=1");
    ASSERT_TRUE(support::eventually([&] { return server_->replays().taken() == 1; }));
    auto reading = subscribe("/events?start_from=2");  // none of whose pages the other has read
    ASSERT_TRUE(support::eventually([&] { return server_->replays().waiting() == 1; }));
    log_.pages_wait = false;
    log_.pages_wait.notify_all();
    ASSERT_TRUE(reading.read_until_contains(fmt::format("id:{}\n", kEvents)));
    feed({of_era(Kind::Step, kEvents + 1, 1)});
    ASSERT_TRUE(searching.read_until_contains(fmt::format("id:{}\n", kEvents + 1)));

    const auto starts = log_.page_starts();
    const auto others_first = std::ranges::find(starts, 2U);
    const auto pages_before = std::count_if(starts.begin(), others_first, [](auto id) { return id != 0; });
    EXPECT_LT(pages_before, 20) << "of some forty that the search takes";
}

TEST_F(FilteredStreamTest, AFrameHalfSentIsGoneOnWithWhenTheRingHasMovedOn) {
    open({.event_stream_buffer_length = 1500, .event_stream_buffer_size = std::size_t{1} << 30});
    auto client = accepted("/events/main?kinds=Step", 4096);
    const std::string payload(3'000'000, 'x');
    auto batch = faults(1, 1000);
    batch.push_back(event(Kind::Step, 1001, payload));
    feed(std::move(batch));
    ASSERT_TRUE(client.read_until_contains("data:x"));
    auto all = accepted("/events/main");
    feed(faults(2000, 3000));
    feed({event(Kind::Step, 6000)});
    ASSERT_TRUE(all.read_until_contains("id:4002\n")) << "the ring has other events now";
    ASSERT_TRUE(client.read_until_contains("id:4002\n"));
    const auto body = body_with(client, "id:4002");
    EXPECT_TRUE(body == frame_text(1001, payload) + frame_text(4002, R"({"Step":6000})")) << body.size();
}

TEST_F(FilteredStreamTest, AFilterThatMakesNoSenseIsRefused) {
    open();
    const auto refused = support::fetch(server_->port(), "GET /events/sigs?kinds=Step HTTP/1.1\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 422 ")) << refused;
    EXPECT_TRUE(
        refused.ends_with("invalid query: field 'kinds': expected kinds that /events/sigs carries, "
                          "separated by commas: ApiVersion, FinalitySignature, Shutdown\n"))
        << refused;
}

/// Whoever asks again with the last id has all that passes, once.
TEST_F(FilteredStreamTest, AgreesWithANaiveModelForAnyFilterAndCursor) {
    constexpr std::uint64_t kEvents = 2000;
    constexpr std::array kKindsUsed{Kind::BlockAdded, Kind::DeployProcessed, Kind::Fault, Kind::Step};
    std::mt19937 random(5);
    base::EventBatch events;
    for (std::uint64_t i = 1; i <= kEvents; ++i) {
        const auto kind = kKindsUsed[random() % kKindsUsed.size()];
        const bool is_deploy = kind == Kind::DeployProcessed;
        events.push_back(is_deploy ? deploy(kind, i, static_cast<std::uint8_t>(1 + random() % 3))
                                   : of_era(kind, i, random() % 3));
    }
    store(events);
    open({.max_concurrent_subscribers = 1000, .event_stream_buffer_length = 300});

    const auto kinds_text = [](Kind one, Kind other) {
        return fmt::format("kinds={},{}", base::row_of(one).name, base::row_of(other).name);
    };
    for (int round = 0; round < 60; ++round) {
        const auto one = kKindsUsed[random() % kKindsUsed.size()];
        const auto other = kKindsUsed[random() % kKindsUsed.size()];
        const bool by_account = one == Kind::DeployProcessed && random() % 2 == 0;
        const bool by_era = !by_account && other != Kind::DeployProcessed && random() % 2 == 0;
        const auto wanted_account = account_key(2);
        std::string filter = kinds_text(one, other);
        if (by_account) filter += "&account=" + hex(wanted_account);
        if (by_era) filter += "&era_id=2";

        const base::EventId from = 1 + random() % kEvents;
        std::string expected;
        for (base::EventId id = from; id <= kEvents; ++id) {
            const auto& candidate = events[id - 1];
            if (candidate.kind != one && candidate.kind != other) continue;
            if (by_account && candidate.account != wanted_account) continue;
            if (by_era && candidate.era != 2U) continue;
            expected += frame_text(id, candidate.payload);
        }
        auto client =
            random() % 2 == 0
                ? subscribe("/events/main?" + filter, fmt::format("last-event-id: {}\r\n", from - 1))
                : subscribe(fmt::format("/events/main?start_from={}&{}", from, filter));
        client.read_until([&](const std::string& all) {
            return all.find("\r\n\r\n") != std::string::npos &&
                   support::body_of(all).size() >= expected.size();
        });
        ASSERT_EQ(support::body_of(client.received()), expected) << filter << " from " << from;
    }
}

}  // namespace
}  // namespace stream
