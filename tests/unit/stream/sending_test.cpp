#include <chrono>

#include "unit/stream/inflater.h"
#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;

TEST_F(StreamServerTest, MoreEventsThanOneWriteTakes) {
    base::EventBatch events;
    std::string expected;
    for (std::uint64_t id = 1; id <= 4 * tls::Socket::kMostGathered; ++id) {
        events.push_back(event(Kind::Fault, id));
        expected += frame_text(id, fmt::format(R"({{"Fault":{}}})", id));
    }
    store(events);
    open();
    auto client = subscribe("/events/main?start_from=1");
    EXPECT_EQ(body_with(client, fmt::format("id:{}\n", events.size())), expected);
}

/// With io_uring, where the kernel lets us, and without.
class SendingTest : public StreamServerTest, public testing::WithParamInterface<bool> {};

TEST_P(SendingTest, ManyWhoWaitGetEveryEventWhateverTheyAskFor) {
    open({.max_concurrent_subscribers = 150, .use_io_uring = GetParam(), .threads = 1});
    std::vector<support::RawClient> clients;
    for (int i = 0; i < 150; ++i) {
        const bool filtered = i % 3 == 1;
        clients.push_back(subscribe(filtered ? "/events/main?kinds=Fault" : "/events/main",
                                    i % 3 == 2 ? "accept-encoding: gzip\r\n" : ""));
        ASSERT_TRUE(clients.back().read_until_contains("\r\n\r\n"));
    }
    std::string expected;
    for (std::uint64_t id = 1; id <= 100; ++id) {
        // What comes together is sent in parts, then in one piece, at last by a call of its own.
        base::EventBatch events{event(Kind::Fault, id)};
        expected += frame_text(id, fmt::format(R"({{"Fault":{}}})", id));
        for (const auto more = id + id / 2; id < more;) {
            events.push_back(event(Kind::Fault, ++id));
            expected += frame_text(id, fmt::format(R"({{"Fault":{}}})", id));
        }
        feed(std::move(events));
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (i % 3 == 2) continue;
            ASSERT_EQ(body_with(clients[i], fmt::format("id:{}\n", id)), expected) << i;
        }
    }
    publisher_->stop();
    server_->stop(5s);
    for (std::size_t i = 2; i < clients.size(); i += 3) {
        ASSERT_TRUE(clients[i].read_to_end());
        Inflater inflater(Inflater::Format::Gzip);
        EXPECT_EQ(inflater.add(support::body_of(clients[i].received())), expected) << i;
        EXPECT_TRUE(inflater.ended() && inflater.sound()) << i;
    }
}

/// Rounds of 300 take longer than it takes to publish; the ring holds less than comes during one.
TEST_P(SendingTest, WhatIsPublishedDuringARoundIsSentOnceAndInOrder) {
    constexpr std::uint64_t kEvents = 600;
    open({.max_concurrent_subscribers = 300,
          .event_stream_buffer_length = 16,
          .use_io_uring = GetParam(),
          .threads = 1});
    publisher_->stop();
    std::vector<support::RawClient> clients;
    for (int i = 0; i < 300; ++i) {
        clients.push_back(subscribe(i % 2 == 0 ? "/events/main" : "/events/main?kinds=Fault"));
        ASSERT_TRUE(clients.back().read_until_contains("\r\n\r\n"));
    }
    std::string expected;
    base::ApiVersion announced;
    for (std::uint64_t id = 1; id <= kEvents; ++id) {
        auto publication = std::make_shared<Publication>();
        const auto fault = event(Kind::Fault, id);
        if (id == kEvents / 2) {
            store({version(1)});
            announced = version(1).api_version;
            expected += version_text(1);
        }
        store({fault});
        publication->api_version = announced;
        publication->frames.push_back(
            std::make_shared<const Frame>(id, fault.kind, fault.filter, announced, fault.payload));
        server_->publish(std::move(publication));
        expected += frame_text(id, fault.payload);
    }
    for (std::size_t i = 0; i < clients.size(); ++i)
        ASSERT_EQ(body_with(clients[i], fmt::format("id:{}\n", kEvents)), expected) << i;
}

INSTANTIATE_TEST_SUITE_P(Ways, SendingTest, testing::Bool());

TEST_F(StreamServerTest, CoalescedEventsWaitForEachOther) {
    constexpr auto kWait = 150ms;
    open({.coalesce = kWait});
    auto client = subscribe("/events/main");
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    for (std::uint64_t id = 1; id <= 5; id += 2) {
        const auto begin = std::chrono::steady_clock::now();
        feed({event(Kind::Fault, id)});
        feed({event(Kind::Fault, id + 1)});
        (void)body_with(client, fmt::format("id:{}\n", id));
        EXPECT_GE(std::chrono::steady_clock::now() - begin, kWait);
        EXPECT_NE(body_with(client, fmt::format("id:{}\n", id + 1)).find(fmt::format("id:{}\n", id + 1)),
                  std::string::npos);
    }
}

TEST_F(StreamServerTest, WhatIsCoalescedGoesOutBeforeTheEnd) {
    open({.coalesce = 60s});
    auto client = subscribe("/events/main");
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    feed({event(Kind::Fault, 1)});
    while (log_.range().newest() < 1) std::this_thread::yield();
    publisher_->stop();
    server_->stop(5s);
    EXPECT_NE(body_with(client, "id:1").find("id:1\n"), std::string::npos);
}

}  // namespace
}  // namespace stream
