// Streams over TLS: what a subscriber gets does not depend on how the bytes travel.

#include "support/certificates.h"
#include "tls/server_context.h"
#include "unit/stream/running_streams.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;
using support::RawClient;

class StreamTlsTest : public StreamServerTest {
  protected:
    void open_tls(Options options = {}) {
        const auto files = authority_.issue();
        const tls::Options wanted{.certificate_file = files.certificate, .private_key_file = files.key};
        open(std::move(options), tls::ServerContext::load(wanted, base::make_null_log()).value());
    }
    RawClient subscribe_tls(const std::string& target, int receive_buffer = 0) {
        RawClient client(server_->port(), receive_buffer);
        client.start_tls({.authority = authority_.file()});
        client.send("GET " + target + " HTTP/1.1\r\nhost: x\r\n\r\n");
        return client;
    }

    support::TemporaryFolder folder_;
    support::CertificateAuthority authority_{folder_.path()};
};

TEST_F(StreamTlsTest, ReplayAndLiveEventsComeWithoutASeam) {
    base::EventBatch events;
    std::string expected;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        events.push_back(event(Kind::Fault, i));
        expected += frame_text(i, events.back().payload);
    }
    store(events);
    open_tls({.event_stream_buffer_length = 100});
    auto client = subscribe_tls("/events/main?start_from=1");
    for (std::uint64_t i = 3001; i <= 4000; ++i) {
        feed({event(Kind::Fault, i)});
        expected += frame_text(i, event(Kind::Fault, i).payload);
    }
    EXPECT_EQ(body_with(client, "id:4000\n"), expected);
}

TEST_F(StreamTlsTest, ASubscriberThatFallsBehindGetsEveryEventOnce) {
    open_tls({.event_stream_buffer_size = 400'000, .max_storage_replays = 1});
    std::vector<RawClient> slow;
    for (int i = 0; i < 4; ++i) {
        slow.push_back(subscribe_tls("/events/main", 4096));
        ASSERT_TRUE(slow.back().read_until_contains("\r\n\r\n"));
    }
    std::string expected;
    for (std::uint64_t i = 1; i <= 900; ++i) {
        // Small ones that share a record, and large ones that need several.
        const auto payload =
            fmt::format(R"({{"Fault":"{}{}"}})", i, std::string(i % 3 == 0 ? 60'000 : 50, 'x'));
        feed({event(Kind::Fault, i, payload)});
        expected += frame_text(i, payload);
    }
    auto fast = subscribe_tls("/events/main?start_from=1");
    EXPECT_TRUE(fast.read_until_contains("id:900\n")) << "one that never reads does not keep its turn";
    for (auto& client : slow) {
        ASSERT_TRUE(client.read_until_contains("id:900\n"));
        EXPECT_TRUE(support::body_of(client.received()) == expected);
    }
}

TEST_F(StreamTlsTest, ASubscriberThatTakesNothingIsDisconnected) {
    open_tls({.event_stream_buffer_length = 5, .subscriber_write_timeout = 1s});
    auto client = subscribe_tls("/events/main", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    const std::string filler(1'000'000, 'x');
    for (std::uint64_t i = 1; i <= 20; ++i) feed({event(Kind::Fault, i, filler)});
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("write_timeout").Value() == 1; }));
}

TEST_F(StreamTlsTest, StoppingSendsWhatIsDueAndSaysThatItIsAll) {
    open_tls();
    auto client = subscribe_tls("/events/main", 4096);
    ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
    base::EventBatch events;
    std::string expected;
    for (std::uint64_t i = 1; i <= 1000; ++i) {
        events.push_back(
            event(Kind::Fault, i, fmt::format(R"({{"Fault":"{}{}"}})", i, std::string(2000, 'x'))));
        expected += frame_text(i, events.back().payload);
    }
    feed(std::move(events));
    publisher_->stop();
    std::thread stop([&] { server_->stop(20s); });
    EXPECT_TRUE(client.read_to_end());
    stop.join();
    EXPECT_TRUE(support::body_of(client.received()) == expected);
    EXPECT_TRUE(client.received().ends_with("\r\n0\r\n\r\n"));
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(StreamTlsTest, WhatASubscriberSaysIsReadAndItsEndNoticed) {
    open_tls();
    {
        auto client = subscribe_tls("/events/main");
        ASSERT_TRUE(client.read_until_contains("\r\n\r\n"));
        for (int round = 0; round < 20; ++round) {
            client.update_keys();
            client.send(std::string(20'000, 'x'));
        }
        feed({event(Kind::Fault, 1)});
        ASSERT_TRUE(client.read_until_contains("id:1\n"));
        EXPECT_EQ(metrics_.disconnect("client_closed").Value(), 0);
    }
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("client_closed").Value() == 1; }));
}

}  // namespace
}  // namespace stream
