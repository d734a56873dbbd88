// The server over TLS, as clients see it.

#include <gtest/gtest.h>
#include <optional>

#include "support/certificates.h"
#include "support/process.h"
#include "tls/server_context.h"
#include "unit/net/running_server.h"

namespace net {
namespace {

using namespace std::chrono_literals;
using support::RawClient;
using tls::MinVersion;

class HttpsServer : public testing::Test {
  protected:
    void open(MinVersion min_version = MinVersion::Tls12, HttpServerOptions options = {}) {
        context_ = tls::ServerContext::load(options_of(files_, min_version), base::make_null_log()).value();
        options.tls = context_;
        server_.emplace(echo, std::move(options));
    }
    static tls::Options options_of(const support::CertificateFiles& files, MinVersion min_version) {
        return {
            .certificate_file = files.certificate, .private_key_file = files.key, .min_version = min_version};
    }
    [[nodiscard]] RawClient connect(bool only_tls12 = false, int receive_buffer = 0) const {
        RawClient client(server_->server().port(), receive_buffer);
        client.start_tls({.authority = authority_.file(), .only_tls12 = only_tls12});
        return client;
    }
    [[nodiscard]] double failures(const char* reason) const {
        return server_->metrics().tls_failure("test_server", reason).Value();
    }

    support::TemporaryFolder folder_;
    support::CertificateAuthority authority_{folder_.path()};
    support::CertificateFiles files_ = authority_.issue();
    std::shared_ptr<tls::ServerContext> context_;
    mutable std::optional<RunningServer> server_;
};

TEST_F(HttpsServer, AnswersRequestsOfOneConnectionInOrderAndEndsProperly) {
    open();
    auto client = connect();
    EXPECT_EQ(client.tls_version(), "TLSv1.3");
    EXPECT_EQ(client.tls_protocol(), "http/1.1");
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("GET /a "));
    const std::string body(50'000, 'b');
    client.send("POST /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 50000\r\n\r\n" + body);
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received().ends_with("POST /b " + body));
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(HttpsServer, AClientThatReadsSlowlyGetsTheWholeAnswer) {
    open(MinVersion::Tls12, {.max_body_bytes = 10'000'000});
    auto client = connect(false, 4096);
    std::string body;
    for (int i = 0; body.size() < 6'000'000; ++i) body += std::to_string(i) + ",";
    client.send("POST /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(support::body_of(client.received()) == "POST /b " + body);
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(HttpsServer, AnOlderVersionThanAllowedIsRefusedAndCounted) {
    open(MinVersion::Tls13);
    EXPECT_THROW(static_cast<void>(connect(true)), std::runtime_error);
    EXPECT_TRUE(support::eventually([&] { return failures("failed") == 1; }));
    EXPECT_EQ(connect().tls_version(), "TLSv1.3");
}

TEST_F(HttpsServer, SpeaksTls12UnlessForbidden) {
    open();
    auto client = connect(true);
    EXPECT_EQ(client.tls_version(), "TLSv1.2");
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    EXPECT_TRUE(client.read_until_contains("GET /a "));
}

TEST_F(HttpsServer, AClientThatSpeaksHttpIsClosedAndCounted) {
    open();
    auto client = server_->connect();
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    EXPECT_TRUE(client.read_to_end());
    EXPECT_EQ(client.received().find("HTTP"), std::string::npos);
    EXPECT_TRUE(support::eventually([&] { return failures("plain_http") == 1; }));
}

TEST_F(HttpsServer, AHandshakeThatDoesNotComeIsEndedInTime) {
    open(MinVersion::Tls12, {.header_timeout = 500ms});
    auto client = server_->connect();
    EXPECT_TRUE(client.read_to_end(10s));
    EXPECT_TRUE(support::eventually([&] { return failures("timeout") == 1; }));
}

TEST_F(HttpsServer, ARequestThatDoesNotArriveIsAnsweredSo) {
    open(MinVersion::Tls12, {.header_timeout = 3s});
    auto client = connect();
    client.send("GET / HTTP/1.1\r\nhost");
    ASSERT_TRUE(client.read_to_end(30s));
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 408 ")) << client.received();
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(HttpsServer, AfterAReloadNewConnectionsSeeTheNewCertificate) {
    open();
    auto before = connect();
    EXPECT_EQ(before.certificate_name(), "sidecar");
    ASSERT_TRUE(context_->reload(options_of(authority_.issue({.name = "renewed"}), MinVersion::Tls12)));
    EXPECT_EQ(connect().certificate_name(), "renewed");
    before.send("GET /still HTTP/1.1\r\nhost: x\r\n\r\n");
    EXPECT_TRUE(before.read_until_contains("GET /still "));
}

TEST_F(HttpsServer, AChangeOfKeysInBetweenIsAnswered) {
    open();
    auto client = connect();
    for (int round = 0; round < 3; ++round) {
        client.forget_received();
        client.update_keys();
        client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
        ASSERT_TRUE(client.read_until_contains("GET /a "));
    }
}

TEST_F(HttpsServer, HandsTheConnectionOver) {
    open();
    auto client = connect();
    client.send("GET /takeover HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_to_end());
    EXPECT_EQ(client.received(), "taken over");
    EXPECT_TRUE(client.ended_properly());
}

TEST_F(HttpsServer, StopEndsHandshakesThatWait) {
    open();
    auto client = server_->connect();
    auto other = connect();
    server_->server().stop();
    EXPECT_TRUE(client.read_to_end());
    EXPECT_TRUE(other.read_to_end());
    EXPECT_EQ(failures("timeout"), 0);
}

}  // namespace
}  // namespace net
