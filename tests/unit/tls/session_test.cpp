#include "tls/session.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <gtest/gtest.h>
#include <vector>

#include "support/process.h"
#include "unit/tls/session_pair.h"

namespace tls::testing {
namespace {

using Needs = Progress::Needs;

class SessionTest : public ::testing::Test {
  protected:
    std::unique_ptr<Session> server(const support::CertificateWish& wish = {}) {
        auto context = ServerContext::load(options_of(authority_.issue(wish)), base::make_null_log());
        return context.value()->new_session();
    }
    std::unique_ptr<Session> client(std::string_view host = "localhost") {
        return trusting(authority_.file()).new_session(host);
    }
    /// Why the client does not accept the server; empty when it does.
    std::string refusal(std::unique_ptr<Session> from, std::unique_ptr<Session> by) {
        const SessionPair pair(std::move(from), std::move(by));
        const auto error = pair.shake_hands();
        return error ? pair.client.session->explain(error) : std::string();
    }

    support::TemporaryFolder folder_;
    support::CertificateAuthority authority_{folder_.path()};
};

TEST_F(SessionTest, CarriesBytesBothWaysAndEndsByCloseNotify) {
    const SessionPair pair(server(), client());
    ASSERT_FALSE(pair.shake_hands());
    EXPECT_EQ(pair.client.write("from the client").bytes, 15U);
    EXPECT_EQ(pair.server.write("from the server").bytes, 15U);
    std::string at_server;
    std::string at_client;
    EXPECT_FALSE(pair.server.read(at_server).error);
    EXPECT_EQ(at_server, "from the client");
    EXPECT_EQ(pair.client.read(at_client).bytes, 15U);
    EXPECT_EQ(at_client, "from the server");
    EXPECT_EQ(pair.client.read(at_client).needs, Needs::Readable);

    EXPECT_EQ(pair.server.session->close(pair.server.descriptor).needs, Needs::Nothing);
    EXPECT_EQ(pair.client.read(at_client).error, boost::asio::error::eof);
}

TEST_F(SessionTest, AnEndWithoutCloseNotifyIsATruncation) {
    const SessionPair pair(server(), client());
    ASSERT_FALSE(pair.shake_hands());
    ::shutdown(pair.server.descriptor, SHUT_WR);
    std::string nothing;
    EXPECT_EQ(pair.client.read(nothing).error, boost::asio::ssl::error::stream_truncated);
}

TEST_F(SessionTest, PutsSmallBuffersIntoOneRecord) {
    const SessionPair pair(server(), client());
    ASSERT_FALSE(pair.shake_hands());
    const std::string small(100, 's');
    const std::vector<boost::asio::const_buffer> buffers(64, boost::asio::buffer(small));
    EXPECT_EQ(pair.server.session->write(pair.server.descriptor, buffers).bytes, 6400U);
    std::string got;
    EXPECT_EQ(pair.client.read(got).bytes, 6400U) << "a read gives one record";
}

TEST_F(SessionTest, WhatDoesNotFitIsKeptAndGoesBeforeTheRest) {
    const SessionPair pair(server(), client());
    ASSERT_FALSE(pair.shake_hands());
    std::string text;
    for (int i = 0; text.size() < 3'000'000; ++i) text += std::to_string(i) + ",";

    std::string_view left = text;
    std::string got;
    int waits = 0;
    while (got.size() < text.size()) {
        const auto progress = pair.server.write(left.substr(0, 100'000));
        ASSERT_FALSE(progress.error);
        left.remove_prefix(progress.bytes);
        if (progress.needs != Needs::Writable) {
            if (left.empty()) static_cast<void>(pair.client.read(got));
            continue;
        }
        ++waits;
        EXPECT_TRUE(pair.server.session->has_unsent());
        EXPECT_EQ(pair.server.write(left).bytes, 0U) << "nothing is taken while something waits";
        for (int reads = 0; reads < 5; ++reads) ASSERT_FALSE(pair.client.read(got).error);
    }
    EXPECT_GT(waits, 10);
    EXPECT_TRUE(got == text);
}

TEST_F(SessionTest, ADescriptorThatIsClosedIsAnError) {
    const SessionPair pair(server(), client());
    ASSERT_FALSE(pair.shake_hands());
    std::array<char, 10> room{};
    EXPECT_EQ(pair.server.session->read(-1, boost::asio::buffer(room)).error,
              boost::system::errc::bad_file_descriptor);
    const std::array<boost::asio::const_buffer, 1> buffers{boost::asio::buffer(room)};
    EXPECT_TRUE(pair.server.session->write(-1, buffers).error);
}

TEST_F(SessionTest, AcceptsOnlyCertificatesForTheHostOrTheAddress) {
    EXPECT_EQ(refusal(server(), client("localhost")), "");
    EXPECT_EQ(refusal(server(), client("localhost.")), "") << "a name may end with DNS's root";
    EXPECT_EQ(refusal(server(), client("127.0.0.1")), "");
    EXPECT_EQ(refusal(server(), client("other.example")),
              "its certificate is not accepted: host name mismatch");
    EXPECT_EQ(refusal(server(), client("127.0.0.2")), "its certificate is not accepted: IP address mismatch");
    EXPECT_EQ(refusal(server({.hosts = {"DNS:*.nodes.example"}}), client("one.nodes.example")), "");
    EXPECT_EQ(refusal(server({.hosts = {"IP:::1"}}), client("::1")), "");
    EXPECT_NE(refusal(server({.hosts = {"DNS:127.0.0.1"}}), client("127.0.0.1")), "")
        << "an address is no name";
}

TEST_F(SessionTest, TellsWhyACertificateIsNotAccepted) {
    using namespace std::chrono_literals;
    EXPECT_EQ(refusal(server({.valid_from = -48h, .valid_until = -24h}), client()),
              "its certificate is not accepted: certificate has expired");
    EXPECT_EQ(refusal(server({.valid_from = 24h, .valid_until = 48h}), client()),
              "its certificate is not accepted: certificate is not yet valid");
    const support::CertificateAuthority unknown(folder_.path(), "unknown authority");
    auto context = ServerContext::load(options_of(unknown.issue()), base::make_null_log());
    EXPECT_EQ(refusal(context.value()->new_session(), client()),
              "its certificate is not accepted: self-signed certificate in certificate chain");
}

TEST_F(SessionTest, KnowsAPortThatSpeaksHttp) {
    const SessionPair pair(server(), client());
    const std::string_view answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
    ASSERT_EQ(pair.client.handshake().needs, Needs::Readable);
    ASSERT_EQ(::send(pair.server.descriptor, answer.data(), answer.size(), 0),
              static_cast<ssize_t>(answer.size()));
    EXPECT_EQ(pair.client.session->explain(pair.client.handshake().error), "the port does not speak TLS");
}

TEST_F(SessionTest, KnowsAClientThatSpeaksHttp) {
    const SessionPair pair(server(), client());
    const std::string_view request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
    ASSERT_EQ(::send(pair.client.descriptor, request.data(), request.size(), 0),
              static_cast<ssize_t>(request.size()));
    EXPECT_TRUE(is_plain_http(pair.server.handshake().error));
}

}  // namespace
}  // namespace tls::testing
