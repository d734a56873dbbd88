// Whom the streams let in, and whom they let go.

#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;

class LimitsTest : public StreamServerTest {
  protected:
    /// The status line and headers of the answer, and the connection that it came over.
    std::pair<std::string, std::unique_ptr<support::RawClient>> ask(const std::string& headers = "") {
        auto client = std::make_unique<support::RawClient>(subscribe("/events/main", headers));
        EXPECT_TRUE(client->read_until_contains("\r\n\r\n"));
        return {support::head_of(client->received()), std::move(client)};
    }
    static bool is(const std::string& head, int status) {
        return head.starts_with("HTTP/1.1 " + std::to_string(status));
    }
};

TEST_F(LimitsTest, SoManySubscribersFromOneAddress) {
    open({.max_subscribers_per_ip = 2});
    auto first = ask();
    const auto second = ask();
    EXPECT_TRUE(is(first.first, 200));
    EXPECT_TRUE(is(second.first, 200));
    const auto third = ask();
    EXPECT_TRUE(is(third.first, 429)) << third.first;
    EXPECT_NE(third.first.find("retry-after: 30"), std::string::npos) << third.first;
    first.second.reset();
    EXPECT_TRUE(support::eventually([&] { return is(ask().first, 200); })) << "a place is free again";
}

TEST_F(LimitsTest, ClientsOfATrustedProxyAreToldApart) {
    open({.max_subscribers_per_ip = 1, .trusted_proxies = {"127.0.0.1"}});
    const auto first = ask("x-forwarded-for: 198.51.100.1, 203.0.113.7\r\n");
    EXPECT_TRUE(is(first.first, 200));
    EXPECT_TRUE(is(ask("x-forwarded-for: 198.51.100.2, 203.0.113.7\r\n").first, 429));
    EXPECT_TRUE(is(ask("x-forwarded-for: 203.0.113.8\r\n").first, 200));
}

TEST_F(LimitsTest, AHeaderOfSomebodyElseCountsForNothing) {
    open({.max_subscribers_per_ip = 1});
    const auto first = ask("x-forwarded-for: 203.0.113.7\r\n");
    EXPECT_TRUE(is(first.first, 200));
    EXPECT_TRUE(is(ask("x-forwarded-for: 203.0.113.8\r\n").first, 429));
}

TEST_F(LimitsTest, OneThatFallsTooFarBehindIsEnded) {
    open({.max_subscriber_lag = 5});
    auto slow = subscribe("/events/main", "", 4096);
    ASSERT_TRUE(slow.read_until_contains("\r\n\r\n"));
    auto quick = subscribe("/events/main");
    feed({event(Kind::Fault, 1)});
    ASSERT_TRUE(slow.read_until_contains("id:1\n"));
    const std::string payload(200'000, 'x');
    for (std::uint64_t i = 2; i <= 60; ++i) {
        feed({event(Kind::Fault, i, payload)});
        ASSERT_TRUE(quick.read_until_contains(fmt::format("id:{}\n", i)));
        quick.forget_received();
    }
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("too_far_behind").Value() == 1; }));
    feed({event(Kind::Fault, 61)});
    EXPECT_TRUE(quick.read_until_contains("id:61\n")) << "who reads stays";
    EXPECT_EQ(metrics_.disconnect("too_far_behind").Value(), 1);
}

/// Two looks at those whose sockets are full, and none was ended at them.
TEST_F(LimitsTest, OneThatAsksForWhatIsOldIsNoLaggardUntilItFallsBackFromThere) {
    base::EventBatch old;
    for (std::uint64_t i = 1; i <= 20; ++i) old.push_back(event(Kind::Fault, i, std::string(200'000, 'x')));
    store(std::move(old));
    open({.event_stream_buffer_length = 2, .max_subscriber_lag = 5});
    auto slow = subscribe("/events/main?start_from=1", "", 4096);
    ASSERT_TRUE(slow.read_until_contains("id:1\n"));
    for (std::uint64_t i = 21; i <= 24; ++i) feed({event(Kind::Fault, i)});
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(support::eventually([&] { return std::chrono::steady_clock::now() - begin > 2500ms; }));
    EXPECT_EQ(metrics_.disconnect("too_far_behind").Value(), 0);
    for (std::uint64_t i = 25; i <= 60; ++i) feed({event(Kind::Fault, i)});
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("too_far_behind").Value() == 1; }));
}

}  // namespace
}  // namespace stream
