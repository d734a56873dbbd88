// What an operator sees of the streams, and how the streams are ended one by one.

#include <future>

#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;
using State = SubscriberReport::State;

class SubscribersTest : public StreamServerTest {
  protected:
    SubscriberReports reports() {
        std::promise<SubscriberReports> answer;
        server_->report([&answer](SubscriberReports reports) { answer.set_value(std::move(reports)); });
        return answer.get_future().get();
    }
    bool close(SubscriberId id) {
        std::promise<bool> answer;
        server_->close(id, [&answer](bool found) { answer.set_value(found); });
        return answer.get_future().get();
    }
    support::RawClient accepted(const std::string& target, int receive_buffer = 0) {
        auto client = subscribe(target, "", receive_buffer);
        EXPECT_TRUE(client.read_until_contains("\r\n\r\n"));
        return client;
    }
    /// The only subscriber, once it is in this state.
    SubscriberReport in_state(State state) {
        SubscriberReports all;
        EXPECT_TRUE(support::eventually([&] {
            all = reports();
            return all.size() == 1 && all.front().state == state;
        }));
        return all.empty() ? SubscriberReport{} : all.front();
    }
    double ended(std::string_view reason) { return metrics_.disconnect(reason).Value(); }
};

/// The body is whole (RFC 9112, section 7.1).
bool ends_properly(support::RawClient& client) {
    return client.read_to_end() && client.received().ends_with("\r\n0\r\n\r\n");
}

TEST_F(SubscribersTest, EachIsListedWithItsPlaceInTheFeed) {
    store({event(Kind::Fault, 1)});
    open({.threads = 2});
    EXPECT_TRUE(reports().empty());
    const auto before = std::chrono::system_clock::now();
    auto first = accepted("/events/main");
    auto second = accepted("/events/sigs");
    feed({event(Kind::Fault, 2)});
    ASSERT_TRUE(first.read_until_contains("id:2\n"));
    SubscriberReports all;
    ASSERT_TRUE(support::eventually([&] {
        all = reports();
        return all.size() == 2 && all[0].next == 3 && all[1].next == 3;
    }));
    EXPECT_LT(all[0].id, all[1].id);
    EXPECT_EQ(all[0].endpoint, base::Endpoint::Main);
    EXPECT_EQ(all[1].endpoint, base::Endpoint::Sigs);
    for (const auto& report : all) {
        EXPECT_EQ(report.state, State::Live);
        EXPECT_EQ(report.lag_events, 0U);
        EXPECT_EQ(report.lag_bytes, 0U);
        EXPECT_EQ(report.peer.address().to_string(), "127.0.0.1");
        EXPECT_NE(report.peer.port(), 0);
        EXPECT_FALSE(report.encrypted);
        EXPECT_GE(report.since, before);
        EXPECT_LE(report.since, std::chrono::system_clock::now());
    }
}

TEST_F(SubscribersTest, OneThatReadsNothingLagsByWhatTheRingHoldsForIt) {
    open();
    auto client = accepted("/events/main", 4096);
    const std::string payload(1'000'000, 'x');
    constexpr std::uint64_t kEvents = 20;
    for (std::uint64_t i = 1; i <= kEvents; ++i) feed({event(Kind::Fault, i, payload)});
    feed({event(Kind::FinalitySignature, 21)});
    auto other = accepted("/events/sigs?start_from=21");
    ASSERT_TRUE(other.read_until_contains("id:21\n"));
    SubscriberReport blocked;
    ASSERT_TRUE(support::eventually([&] {
        const auto all = reports();
        blocked = all.front();
        return blocked.state == State::Blocked && blocked.lag_events + blocked.next == kEvents + 1;
    })) << "its lane has "
        << kEvents << " events, whatever the others have";
    EXPECT_GT(blocked.lag_events, 1U);
    ASSERT_TRUE(blocked.lag_bytes);
    EXPECT_GT(*blocked.lag_bytes, (blocked.lag_events - 1) * payload.size());
    EXPECT_LT(*blocked.lag_bytes, blocked.lag_events * (payload.size() + 100));
}

TEST_F(SubscribersTest, OneThatTheRingHasLeftBehindLagsByIds) {
    open({.event_stream_buffer_size = 2'500'000});
    auto client = accepted("/events/main", 4096);
    const std::string payload(1'000'000, 'x');
    for (std::uint64_t i = 1; i <= 20; ++i) feed({event(Kind::Fault, i, payload)});
    ASSERT_TRUE(support::eventually([&] {
        const auto report = reports().front();
        return report.state == State::Blocked && !report.lag_bytes && report.next + report.lag_events == 21;
    }));
}

TEST_F(SubscribersTest, AReplayFromTheLogIsSeenAsOneAndItsEndToo) {
    open({.event_stream_buffer_size = 2'500'000});
    auto client = accepted("/events/main", 4096);
    const std::string payload(1'000'000, 'x');
    for (std::uint64_t i = 1; i <= 20; ++i) feed({event(Kind::Fault, i, payload)});
    SubscriberReport report;
    ASSERT_TRUE(support::eventually([&] {
        report = reports().front();
        return !report.lag_bytes && report.next + report.lag_events == 21;
    })) << "the ring has all of them, and has left it behind";
    log_.reads_fail = true;
    ASSERT_TRUE(support::eventually([&] {
        client.read_until([](const std::string&) { return false; }, 100ms);
        report = reports().front();
        return report.state == State::ReplayingLog;
    }));
    EXPECT_EQ(report.next + report.lag_events, 21U);
    EXPECT_FALSE(report.lag_bytes);
    log_.reads_fail = false;
    EXPECT_TRUE(client.read_until_contains("id:20\n"));
    EXPECT_EQ(in_state(State::Live).lag_events, 0U);
}

TEST_F(SubscribersTest, OneIsEndedAndTheOthersStay) {
    open({.threads = 2});
    auto first = accepted("/events/main");
    auto second = accepted("/events/main");
    const auto all = reports();
    ASSERT_EQ(all.size(), 2U);
    EXPECT_TRUE(close(all[0].id));
    EXPECT_TRUE(ends_properly(first));
    EXPECT_EQ(ended("closed_by_operator"), 1);
    EXPECT_EQ(reports().size(), 1U);
    EXPECT_FALSE(close(all[0].id)) << "it is gone";
    EXPECT_FALSE(close(777));
    feed({event(Kind::Fault, 1)});
    EXPECT_TRUE(second.read_until_contains("id:1\n"));
    EXPECT_EQ(ended("closed_by_operator"), 1);
}

TEST_F(SubscribersTest, OneWhoseSocketIsFullIsCutOff) {
    open();
    auto client = accepted("/events/main", 4096);
    const std::string payload(1'000'000, 'x');
    for (std::uint64_t i = 1; i <= 20; ++i) feed({event(Kind::Fault, i, payload)});
    const auto blocked = in_state(State::Blocked);
    EXPECT_TRUE(close(blocked.id));
    EXPECT_TRUE(reports().empty());
    EXPECT_EQ(ended("closed_by_operator"), 1);
    EXPECT_TRUE(support::eventually([&] { return server_->subscribers() == 0; }));
    EXPECT_FALSE(ends_properly(client)) << "it would take it for the whole";
}

TEST_F(SubscribersTest, ADrainEndsAllEvenlyAndProperlyAndLetsNobodyIn) {
    constexpr std::size_t kCount = 20;
    constexpr std::chrono::seconds kOver{2};
    open({.threads = 2});
    std::vector<support::RawClient> clients;
    for (std::size_t i = 0; i < kCount; ++i) clients.push_back(accepted("/events/main"));
    feed({event(Kind::Fault, 1)});
    auto& handed_on = metrics_.internal_event("outbound_sse_data_send_end");
    ASSERT_TRUE(support::eventually([&] { return handed_on.Value() == 1; }));
    EXPECT_FALSE(server_->drain_under_way());

    const auto begin = std::chrono::steady_clock::now();
    server_->drain(kOver);
    ASSERT_TRUE(server_->drain_under_way());
    EXPECT_EQ(server_->drain_under_way()->over, kOver);
    const auto refused = support::fetch(server_->port(), "GET /events/main HTTP/1.1\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_NE(refused.find("retry-after: 30\r\n"), std::string::npos);
    EXPECT_NE(refused.find("being drained"), std::string::npos);
    const auto most_at = [&](std::chrono::steady_clock::time_point time) {
        return kCount * std::chrono::duration<double>(time - begin) / kOver + 1;
    };
    EXPECT_TRUE(support::eventually([&] {
        const auto count = ended("drained");
        EXPECT_LE(count, most_at(std::chrono::steady_clock::now())) << "faster than evenly";
        return count == kCount;
    }));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kOver + 10s);
    for (auto& client : clients) {
        EXPECT_TRUE(ends_properly(client));
        EXPECT_NE(client.received().find("id:1\n"), std::string::npos) << "what it was due";
    }
    EXPECT_TRUE(support::eventually([&] { return server_->subscribers() == 0; }));

    server_->end_drain();
    EXPECT_FALSE(server_->drain_under_way());
    auto again = accepted("/events/main?start_from=1");
    EXPECT_TRUE(again.received().starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(again.read_until_contains("id:1\n"));
}

TEST_F(SubscribersTest, ADrainThatIsAskedForAgainBeginsAnew) {
    open({.threads = 1});
    auto oldest = accepted("/events/main");
    auto newest = accepted("/events/main");
    server_->drain(600s);
    EXPECT_EQ(reports().size(), 2U) << "a turn is 300 s";
    server_->drain(0s);
    EXPECT_TRUE(ends_properly(oldest));
    EXPECT_TRUE(ends_properly(newest));
    server_->end_drain();
    EXPECT_TRUE(support::eventually([&] { return ended("drained") == 2; }));
}

TEST_F(SubscribersTest, WhoIsLeftWhenADrainIsEndedStays) {
    open({.threads = 1});
    auto first = accepted("/events/main");
    auto second = accepted("/events/main");
    server_->drain(10s);
    ASSERT_TRUE(ends_properly(first)) << "after 5 s; the other one would be 5 s later";
    server_->end_drain();
    ASSERT_EQ(reports().size(), 1U);
    feed({event(Kind::Fault, 1)});
    EXPECT_TRUE(second.read_until_contains("id:1\n"));
    EXPECT_EQ(ended("drained"), 1);
}

TEST_F(SubscribersTest, AStopDuringADrainEndsTheRestAtOnce) {
    open();
    auto client = accepted("/events/main");
    server_->drain(600s);
    server_->stop(5s);
    EXPECT_TRUE(ends_properly(client));
    EXPECT_EQ(ended("stopped"), 1);
    EXPECT_EQ(ended("drained"), 0);
}

}  // namespace
}  // namespace stream
