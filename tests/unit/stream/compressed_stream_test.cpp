// Streams for those who ask for gzip or deflate: what they get is what the others get.

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <random>
#include <utility>

#include "support/certificates.h"
#include "tls/server_context.h"
#include "unit/stream/inflater.h"
#include "unit/stream/running_streams.h"
#include "unit/stream/signatures.h"

namespace stream {
namespace {

using namespace std::chrono_literals;
using base::Kind;
using support::RawClient;

/// A client, and what it has understood so far: each chunk as soon as it is there.
class Reader {
  public:
    Reader(RawClient client, Inflater::Format format)
        : client_(std::move(client)), inflater_(std::make_unique<Inflater>(format)) {}

    /// All text once it holds this; what came until the deadline otherwise.
    const std::string& text_with(std::string_view wanted, std::chrono::seconds patience = 60s) {
        std::size_t from = 0;
        const auto is_there = [&] {
            understand();
            const bool found = text().find(wanted, from) != std::string::npos;
            from = text().size() - std::min(text().size(), wanted.size());
            return found;
        };
        if (!is_there()) client_.read_until([&](const std::string&) { return is_there(); }, patience);
        return text();
    }
    bool accepted() { return client_.read_until_contains("\r\n\r\n"); }
    /// Nothing is missing: neither the checksum nor the end of the chunks.
    bool ends_properly() {
        const bool closed = client_.read_to_end();
        understand();
        const bool framing_ends = !chunked_ || client_.received().ends_with("\r\n0\r\n\r\n");
        return closed && framing_ends && inflater_->ended() && inflater_->sound();
    }
    [[nodiscard]] const std::string& text() const { return inflater_->text(); }
    [[nodiscard]] bool sound() const { return inflater_->sound(); }
    RawClient& client() { return client_; }

  private:
    void understand() {
        const std::string& all = client_.received();
        if (at_ == 0) {
            const auto head = all.find("\r\n\r\n");
            if (head == std::string::npos) return;
            at_ = head + 4;
            chunked_ = all.find("transfer-encoding: chunked") < head;
        }
        while (at_ < all.size()) {
            const auto part = chunked_ ? chunk(all) : rest(all);
            if (part.empty()) return;
            inflater_->add(part);
        }
    }
    /// The next one; nothing while it is not whole.
    std::string_view chunk(const std::string& all) {
        const auto line = all.find("\r\n", at_);
        if (line == std::string::npos) return {};
        const auto size = std::stoul(all.substr(at_, line - at_), nullptr, 16);
        if (all.size() < line + 2 + size + 2) return {};
        at_ = line + 2 + size + 2;
        return std::string_view(all).substr(line + 2, size);
    }

    std::string_view rest(const std::string& all) {
        const auto from = std::exchange(at_, all.size());
        return std::string_view(all).substr(from);
    }

    RawClient client_;
    std::unique_ptr<Inflater> inflater_;
    std::size_t at_ = 0;
    bool chunked_ = false;
};

class CompressedStreamTest : public StreamServerTest {
  protected:
    Reader gzip(const std::string& target, const std::string& headers = "", int receive_buffer = 0) {
        return {subscribe(target, "accept-encoding: gzip\r\n" + headers, receive_buffer),
                Inflater::Format::Gzip};
    }
    Reader deflate(const std::string& target) {
        return {subscribe(target, "accept-encoding: deflate\r\n"), Inflater::Format::Zlib};
    }
    base::Event random_event(std::uint64_t number, std::size_t digits) {
        return event(Kind::Fault, number,
                     fmt::format(R"({{"Fault":"{}","n":{}}})", signatures_.hex(digits), number));
    }
    bool all_are_live() {
        std::promise<bool> answer;
        server_->report([&answer](const SubscriberReports& reports) {
            answer.set_value(std::ranges::all_of(reports, [](const SubscriberReport& report) {
                return report.state == SubscriberReport::State::Live;
            }));
        });
        return answer.get_future().get();
    }
    void stop() {
        publisher_->stop();
        server_->stop(30s);
    }

    Signatures signatures_;
};

TEST_F(CompressedStreamTest, EachEventCanBeReadBeforeTheNextIsThere) {
    open();
    auto gzipped = gzip("/events/main");
    auto deflated = deflate("/events/main");
    ASSERT_TRUE(gzipped.accepted());
    ASSERT_TRUE(deflated.accepted());
    EXPECT_NE(gzipped.client().received().find("content-encoding: gzip\r\n"), std::string::npos);
    EXPECT_NE(deflated.client().received().find("content-encoding: deflate\r\n"), std::string::npos);
    std::string expected;
    for (std::uint64_t id = 1; id <= 50; ++id) {
        const auto next = random_event(id, 10 * id);
        expected += frame_text(id, next.payload);
        feed({next});
        EXPECT_EQ(gzipped.text_with(fmt::format("id:{}\n\n", id)), expected);
        EXPECT_EQ(deflated.text_with(fmt::format("id:{}\n\n", id)), expected);
    }
    stop();
    EXPECT_TRUE(gzipped.ends_properly());
    EXPECT_TRUE(deflated.ends_properly());
    EXPECT_EQ(gzipped.text(), expected);
    EXPECT_EQ(deflated.text(), expected);
}

TEST_F(CompressedStreamTest, WhoDoesNotAskIsNotAnsweredSo) {
    store({event(Kind::Fault, 1)});
    open();
    auto client = subscribe("/events/main?start_from=1", "accept-encoding: br, gzip;q=0\r\n");
    EXPECT_EQ(body_with(client, "id:1\n"), frame_text(1, R"({"Fault":1})"));
    EXPECT_NE(client.received().find("vary: Accept-Encoding\r\n"), std::string::npos);
    EXPECT_EQ(client.received().find("content-encoding"), std::string::npos);
}

TEST_F(CompressedStreamTest, WhoComesInTheMiddleGetsTheRest) {
    open({.threads = 1});
    auto first = gzip("/events/main");
    ASSERT_TRUE(first.accepted());
    std::vector<std::string> frames;
    const auto feed_some = [&](std::uint64_t count) {
        base::EventBatch batch;
        for (; count > 0; --count) {
            batch.push_back(random_event(frames.size() + 1, 200));
            frames.push_back(frame_text(frames.size() + 1, batch.back().payload));
        }
        feed(std::move(batch));
    };
    const auto text_from = [&](std::size_t at) {
        std::string text;
        for (; at < frames.size(); ++at) text += frames[at];
        return text;
    };
    feed_some(10);
    ASSERT_EQ(first.text_with("id:10\n\n"), text_from(0));
    auto second = gzip("/events/main?start_from=4");
    auto third = gzip("/events/main", "last-event-id: 8\r\n");
    auto fourth = gzip("/events/main");
    EXPECT_EQ(second.text_with("id:10\n\n"), text_from(3));
    EXPECT_EQ(third.text_with("id:10\n\n"), text_from(8));
    ASSERT_TRUE(fourth.accepted());
    feed_some(150);
    EXPECT_EQ(first.text_with("id:160\n\n"), text_from(0));
    EXPECT_EQ(second.text_with("id:160\n\n"), text_from(3));
    EXPECT_EQ(third.text_with("id:160\n\n"), text_from(8));
    EXPECT_EQ(fourth.text_with("id:160\n\n"), text_from(10));
    stop();
    for (auto* reader : {&first, &second, &third, &fourth}) EXPECT_TRUE(reader->ends_properly());
}

TEST_F(CompressedStreamTest, AllOfALaneAreSentTheSameBytes) {
    open({.threads = 1});
    std::vector<Reader> readers;
    for (int i = 0; i < 4; ++i) {
        readers.push_back(gzip("/events/main"));
        ASSERT_TRUE(readers.back().accepted());
    }
    for (std::uint64_t id = 1; id <= 100; ++id) feed({random_event(id, 300)});
    for (auto& reader : readers) reader.text_with("id:100\n\n");
    stop();
    for (auto& reader : readers) ASSERT_TRUE(reader.ends_properly());
    const auto body = support::body_of(readers.front().client().received());
    for (auto& reader : readers) EXPECT_TRUE(support::body_of(reader.client().received()) == body);
}

TEST_F(CompressedStreamTest, TheVersionIsAnnouncedAsToAll) {
    open();
    auto reader = gzip("/events/main");
    ASSERT_TRUE(reader.accepted());
    feed({version(6), event(Kind::Fault, 1), event(Kind::Fault, 2), version(7), event(Kind::Fault, 3)});
    const auto expected = version_text(6) + frame_text(1, R"({"Fault":1})") +
                          frame_text(2, R"({"Fault":2})") + version_text(7) + frame_text(3, R"({"Fault":3})");
    EXPECT_EQ(reader.text_with("id:3\n\n"), expected);
    feed({version(8)});
    EXPECT_EQ(reader.text_with("1.5.8"), expected + version_text(8));
    auto sidecar = gzip("/events/sidecar");
    EXPECT_EQ(sidecar.text_with("\n\n"), "data:{\"SidecarVersion\":\"0.9.0\"}\n\n");
    stop();
    EXPECT_TRUE(reader.ends_properly());
    EXPECT_TRUE(sidecar.ends_properly());
}

TEST_F(CompressedStreamTest, HeadHasTheSameHeaders) {
    open();
    const auto head = support::fetch(server_->port(),
                                     "HEAD /events/main HTTP/1.1\r\naccept-encoding: deflate, gzip, br\r\n");
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
    EXPECT_NE(head.find("content-encoding: gzip\r\n"), std::string::npos) << head;
    EXPECT_NE(head.find("vary: Accept-Encoding\r\n"), std::string::npos) << head;
    EXPECT_EQ(support::body_of(head), "");
}

TEST_F(CompressedStreamTest, Http10IsServedWithoutChunks) {
    store({event(Kind::Fault, 1), event(Kind::Fault, 2)});
    open({.event_stream_buffer_length = 1});
    RawClient client(server_->port());
    client.send("GET /events/main?start_from=1 HTTP/1.0\r\naccept-encoding: gzip\r\n\r\n");
    Reader reader(std::move(client), Inflater::Format::Gzip);
    EXPECT_EQ(reader.text_with("id:2\n\n"),
              frame_text(1, R"({"Fault":1})") + frame_text(2, R"({"Fault":2})"));
    EXPECT_EQ(reader.client().received().find("transfer-encoding"), std::string::npos);
    stop();
    EXPECT_TRUE(reader.ends_properly());
}

TEST_F(CompressedStreamTest, AReplayFromTheLogGoesOnWithoutASeam) {
    base::EventBatch events;
    std::string expected;
    for (std::uint64_t i = 1; i <= 3000; ++i) {
        events.push_back(random_event(i, i % 500 == 0 ? 300'000 : 300));
        expected += frame_text(i, events.back().payload);
    }
    store(events);
    open({.event_stream_buffer_length = 100});
    auto reader = gzip("/events/main?start_from=1");
    for (std::uint64_t i = 3001; i <= 3500; ++i) {
        const auto next = random_event(i, 300);
        feed({next});
        expected += frame_text(i, next.payload);
    }
    EXPECT_TRUE(reader.text_with("id:3500\n\n") == expected);
    stop();
    EXPECT_TRUE(reader.ends_properly());
}

TEST_F(CompressedStreamTest, OneThatFallsBehindGetsEveryEventInTheEnd) {
    open({.event_stream_buffer_size = 400'000, .max_storage_replays = 1});
    std::vector<Reader> slow;
    for (int i = 0; i < 3; ++i) {
        slow.push_back(gzip("/events/main", "", 4096));
        ASSERT_TRUE(slow.back().accepted());
    }
    std::string expected;
    for (std::uint64_t i = 1; i <= 600; ++i) {
        const auto next = random_event(i, 20'000);
        feed({next});
        expected += frame_text(i, next.payload);
    }
    auto fast = gzip("/events/main?start_from=1");
    EXPECT_TRUE(fast.text_with("id:600\n\n") == expected);
    for (auto& reader : slow) {
        EXPECT_TRUE(reader.text_with("id:600\n\n") == expected);
        EXPECT_TRUE(reader.sound());
    }
    EXPECT_GT(server_->replay_count(), 1U);
}

TEST_F(CompressedStreamTest, ALargeEventGoesOnFromTheLogWhereTheRingHasLeftIt) {
    open({.event_stream_buffer_size = 10'000'000, .threads = 1});
    auto slow = gzip("/events/main", "", 4096);
    auto fast = gzip("/events/main");
    ASSERT_TRUE(slow.accepted());
    ASSERT_TRUE(fast.accepted());
    const auto large = random_event(1, 20'000'000);
    feed({large});
    ASSERT_TRUE(fast.text_with("id:1\n\n") == frame_text(1, large.payload));
    feed({event(Kind::Fault, 2)});
    ASSERT_TRUE(support::eventually([&] { return server_->ring().first == 2; }));
    const auto expected = frame_text(1, large.payload) + frame_text(2, R"({"Fault":2})");
    EXPECT_TRUE(fast.text_with("id:2\n\n") == expected);
    ASSERT_TRUE(slow.client().read_until([](const std::string& all) { return all.size() > 9'000'000; }));
    EXPECT_TRUE(slow.text_with("id:2\n\n") == expected);
    stop();
    EXPECT_TRUE(slow.ends_properly());
    EXPECT_TRUE(fast.ends_properly());
}

TEST_F(CompressedStreamTest, AFramePrunedHalfWayEndsTheStreamInsteadOfGarblingIt) {
    open({.event_stream_buffer_size = 30'000'000});
    auto client = gzip("/events/main", "", 4096);
    ASSERT_TRUE(client.accepted());
    for (std::uint64_t i = 1; i <= 5; ++i) feed({random_event(i, 12'000'000)});
    auto other = subscribe("/events/main?start_from=5");
    ASSERT_TRUE(other.read_until_contains("id:5\n"));
    log_.prune_below(5);
    EXPECT_FALSE(client.ends_properly());
    EXPECT_TRUE(support::eventually([&] { return metrics_.disconnect("pruned").Value() == 1; }));
    EXPECT_EQ(client.text().find("\nid:"), std::string::npos);
}

TEST_F(CompressedStreamTest, ADrainEndsProperly) {
    open();
    auto reader = gzip("/events/main");
    ASSERT_TRUE(reader.accepted());
    feed({random_event(1, 100)});
    reader.text_with("id:1\n\n");
    server_->drain(0s);
    EXPECT_TRUE(reader.ends_properly());
}

TEST_F(CompressedStreamTest, OneThatAnOperatorEndsEndsProperly) {
    open();
    auto gzipped = gzip("/events/main");
    auto deflated = deflate("/events/main");
    ASSERT_TRUE(gzipped.accepted());
    ASSERT_TRUE(deflated.accepted());
    feed({random_event(1, 100)});
    gzipped.text_with("id:1\n\n");
    deflated.text_with("id:1\n\n");
    for (SubscriberId id = 1; id <= 2; ++id) server_->close(id, [](bool found) { EXPECT_TRUE(found); });
    EXPECT_TRUE(gzipped.ends_properly());
    EXPECT_TRUE(deflated.ends_properly());
}

TEST_F(CompressedStreamTest, WhatIsDeliveredIsCountedAsItGoesOut) {
    open({.threads = 1});
    auto reader = gzip("/events/main");
    ASSERT_TRUE(reader.accepted());
    for (std::uint64_t i = 1; i <= 30; ++i) feed({random_event(i, i == 7 ? 500'000 : 100)});
    reader.text_with("id:30\n\n");
    ASSERT_TRUE(support::eventually([&] { return server_->delivered(base::Endpoint::Main).events == 30; }));
    EXPECT_TRUE(support::eventually(
        [&] { return server_->delivered(base::Endpoint::Main).bytes == reader.client().received().size(); }));
}

TEST_F(CompressedStreamTest, OfAFilterHasWhatPassesFromTheLogOn) {
    base::EventBatch old;
    for (std::uint64_t i = 1; i <= 40; ++i) old.push_back(event(i % 4 == 0 ? Kind::Step : Kind::Fault, i));
    store(std::move(old));
    open({.event_stream_buffer_length = 10});
    auto steps = gzip("/events/main?kinds=Step&start_from=1");
    auto all = gzip("/events/main?start_from=1");
    auto faults = gzip("/events/main?kinds=Fault&start_from=1");
    feed({event(Kind::Step, 41), event(Kind::Fault, 42)});
    std::string expected_steps;
    std::string expected_faults;
    for (std::uint64_t i = 1; i <= 42; ++i) {
        const bool step = i == 41 || (i <= 40 && i % 4 == 0);
        const auto text = frame_text(i, fmt::format(R"({{"{}":{}}})", step ? "Step" : "Fault", i));
        (step ? expected_steps : expected_faults) += text;
    }
    EXPECT_EQ(steps.text_with("id:41\n\n"), expected_steps);
    EXPECT_EQ(faults.text_with("id:42\n\n"), expected_faults);
    all.text_with("id:42\n\n");
    EXPECT_EQ(std::ranges::count(all.text(), '\n'), 3 * 42);
}

TEST_F(CompressedStreamTest, AKeepAliveIsAsToAll) {
    open();
    auto gzipped = gzip("/events/main");
    auto deflated = deflate("/events/sigs");
    auto plain = subscribe("/events/deploys");
    constexpr auto kPatience = 60s;
    ASSERT_TRUE(plain.read_until_contains(":\n\n\r\n", kPatience));
    EXPECT_EQ(gzipped.text_with(":\n\n"), ":\n\n");
    EXPECT_EQ(deflated.text_with(":\n\n"), ":\n\n");
    feed({random_event(1, 100)});
    gzipped.text_with("id:1\n\n");
    stop();
    EXPECT_TRUE(gzipped.ends_properly());
    EXPECT_TRUE(deflated.ends_properly());
}

TEST_F(CompressedStreamTest, TlsCarriesItAsWell) {
    const support::TemporaryFolder folder;
    support::CertificateAuthority authority(folder.path());
    const auto files = authority.issue();
    const tls::Options wanted{.certificate_file = files.certificate, .private_key_file = files.key};
    open({.event_stream_buffer_length = 20}, tls::ServerContext::load(wanted, base::make_null_log()).value());
    const auto subscribe_tls = [&](int receive_buffer) {
        RawClient client(server_->port(), receive_buffer);
        client.start_tls({.authority = authority.file()});
        client.send("GET /events/main HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n");
        return Reader(std::move(client), Inflater::Format::Gzip);
    };
    auto slow = subscribe_tls(4096);
    auto fast = subscribe_tls(0);
    ASSERT_TRUE(slow.accepted());
    ASSERT_TRUE(fast.accepted());
    std::string expected;
    for (std::uint64_t i = 1; i <= 400; ++i) {
        const auto next = random_event(i, i % 3 == 0 ? 60'000 : 50);
        feed({next});
        expected += frame_text(i, next.payload);
    }
    EXPECT_TRUE(fast.text_with("id:400\n\n") == expected);
    EXPECT_TRUE(slow.text_with("id:400\n\n") == expected);
    stop();
    EXPECT_TRUE(fast.ends_properly());
    EXPECT_TRUE(slow.ends_properly());
    EXPECT_TRUE(slow.client().ended_properly());
}

TEST_F(CompressedStreamTest, SaysWhatThePlainStreamSaysForAnyCursor) {
    std::mt19937 random(5);
    constexpr std::array kKindsUsed{Kind::BlockAdded, Kind::DeployAccepted, Kind::FinalitySignature,
                                    Kind::Step};
    constexpr std::uint64_t kEvents = 2000;
    base::EventBatch events;
    std::uint32_t patch = 1;
    events.push_back(version(patch));
    for (std::uint64_t i = 1; i <= kEvents; ++i) {
        if (random() % 300 == 0) events.push_back(version(++patch));
        events.push_back(event(kKindsUsed[random() % kKindsUsed.size()], i));
    }
    store(events);
    open({.max_concurrent_subscribers = 1000, .event_stream_buffer_length = 300});
    std::vector<std::pair<RawClient, Reader>> pairs;
    for (int round = 0; round < 60; ++round) {
        const auto target = fmt::format(
            "{}?start_from={}", base::endpoint_path(base::kEndpoints[random() % 4]), 1 + random() % kEvents);
        pairs.emplace_back(subscribe(target), round % 2 == 0 ? gzip(target) : deflate(target));
        ASSERT_TRUE(pairs.back().first.read_until_contains("\r\n\r\n"));
        ASSERT_TRUE(pairs.back().second.accepted());
    }
    ASSERT_TRUE(support::eventually([&] { return all_are_live(); })) << "a stop ends a replay where it is";
    stop();
    for (auto& [plain, compressed] : pairs) {
        ASSERT_TRUE(plain.read_to_end());
        EXPECT_TRUE(compressed.ends_properly());
        EXPECT_EQ(compressed.text(), support::body_of(plain.received()));
    }
}

}  // namespace
}  // namespace stream
