#pragma once

#include <chrono>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>

#include "stream/publisher.h"
#include "stream/stream_server.h"
#include "support/memory_log.h"
#include "support/process.h"
#include "support/raw_client.h"

namespace stream {

inline base::Event event(base::Kind kind, std::uint64_t number, std::string payload = {}) {
    base::Event made;
    made.kind = kind;
    made.filter = base::row_of(kind).filter;
    for (int shift = 56; shift >= 0; shift -= 8)
        made.key.first.push_back(static_cast<std::uint8_t>(number >> shift));
    made.payload =
        payload.empty() ? fmt::format(R"({{"{}":{}}})", base::row_of(kind).name, number) : std::move(payload);
    return made;
}

inline base::Event version(std::uint32_t patch) {
    base::Event made;
    made.kind = base::Kind::ApiVersion;
    made.api_version = {1, 5, patch};
    return made;
}

inline std::string frame_text(base::EventId id, std::string_view payload) {
    return fmt::format("data:{}\nid:{}\n\n", payload, id);
}
inline std::string version_text(std::uint32_t patch) {
    return fmt::format("data:{{\"ApiVersion\":\"1.5.{}\"}}\n\n", patch);
}

/// The server and the publisher over a log in memory.
class StreamServerTest : public testing::Test {
  protected:
    void open(Options options = {}, std::shared_ptr<tls::ServerContext> tls = {}) {
        options.bind_address = "127.0.0.1";
        auto opened =
            StreamServer::open(options, log_, "0.9.0", base::make_null_log(), metrics_, std::move(tls));
        ASSERT_TRUE(opened) << opened.error().message;
        server_ = std::move(*opened);
        publisher_ = std::make_unique<Publisher>(
            log_, queue_, server_->next(),
            [this](const PublicationPtr& publication) { server_->publish(publication); },
            [](const base::Error&) {}, base::make_null_log(), metrics_);
        publisher_->start();
        server_->start();
    }
    void TearDown() override {
        if (publisher_) publisher_->stop();
        if (server_) server_->stop(std::chrono::seconds(5));
    }

    void store(const base::EventBatch& events) { ASSERT_TRUE(log_.append(events, "test")); }
    void feed(base::EventBatch events) {
        base::Batch batch;
        batch.events = std::move(events);
        queue_.push(std::move(batch), 1);
    }
    support::RawClient subscribe(const std::string& target, const std::string& headers = "",
                                 int receive_buffer = 0) {
        support::RawClient client(server_->port(), receive_buffer);
        client.send("GET " + target + " HTTP/1.1\r\nhost: x\r\n" + headers + "\r\n");
        return client;
    }
    /// The body once it holds this text; what came until the deadline otherwise.
    static std::string body_with(support::RawClient& client, const std::string& text) {
        client.read_until(
            [&](const std::string& all) { return support::body_of(all).find(text) != std::string::npos; });
        return support::body_of(client.received());
    }

    support::MemoryLog log_;
    base::Metrics metrics_;
    base::EventQueue queue_{1 << 20};
    std::unique_ptr<StreamServer> server_;
    std::unique_ptr<Publisher> publisher_;
};

}  // namespace stream
