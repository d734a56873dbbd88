#include <chrono>

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
