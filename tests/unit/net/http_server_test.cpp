#include "net/http_server.h"

#include <optional>

#include "unit/net/running_server.h"

namespace net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using support::RawClient;

class HttpServerTest : public testing::Test {
  protected:
    void open(HttpServerOptions options = {}) { server_.emplace(echo, std::move(options), 2); }
    RawClient connect() { return server_->connect(); }

    std::optional<RunningServer> server_;
};

TEST_F(HttpServerTest, AnswersRequestsOfOneConnectionInOrder) {
    open();
    auto client = connect();
    client.send(
        "GET /a HTTP/1.1\r\nhost: x\r\n\r\nPOST /b HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nxyz");
    ASSERT_TRUE(client.read_until_contains("POST /b xyz"));
    EXPECT_LT(client.received().find("GET /a "), client.received().find("POST /b"));
    EXPECT_FALSE(client.closed());
}

TEST_F(HttpServerTest, HeadHasTheLengthAndNoBody) {
    open();
    auto client = connect();
    client.send("HEAD /a HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    ASSERT_TRUE(client.read_to_end());
    EXPECT_NE(client.received().find("content-length: 8\r\n"), std::string::npos) << client.received();
    EXPECT_TRUE(client.received().ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, ClosesAnHttp10ConnectionAfterTheAnswer) {
    open();
    auto client = connect();
    client.send("GET /a HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received().starts_with("HTTP/1.0 200 OK\r\n"));
    EXPECT_TRUE(client.received().ends_with("GET /a "));
}

TEST_F(HttpServerTest, HandsTheConnectionOver) {
    open();
    auto client = connect();
    client.send("GET /takeover HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_to_end());
    EXPECT_EQ(client.received(), "taken over");
}

TEST_F(HttpServerTest, RefusesWhatIsNotHttp) {
    open();
    for (const char* garbage :
         {"hello\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\x16\x03\x01\x02garbage\r\n\r\n"}) {
        auto client = connect();
        client.send(garbage);
        ASSERT_TRUE(client.read_to_end());
        EXPECT_TRUE(client.received().starts_with("HTTP/1.1 400 Bad Request\r\n"))
            << garbage << client.received();
    }
}

TEST_F(HttpServerTest, RefusesHeadersAndBodiesThatAreTooLarge) {
    open({.max_header_bytes = 1000, .max_body_bytes = 1000});
    auto client = connect();
    client.send("GET / HTTP/1.1\r\nx: " + std::string(2000, 'a') + "\r\n\r\n");
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 431 ")) << client.received();

    auto other = connect();
    other.send("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5000\r\n\r\n");
    ASSERT_TRUE(other.read_to_end());
    EXPECT_TRUE(other.received().starts_with("HTTP/1.1 413 ")) << other.received();
}

TEST_F(HttpServerTest, DropsAConnectionWhoseRequestDoesNotArrive) {
    open({.header_timeout = 1s});
    auto client = connect();
    client.send("GET / HTTP/1.1\r\nhost");
    EXPECT_TRUE(client.read_to_end(10s));
}

TEST_F(HttpServerTest, StopEndsIdleConnections) {
    open();
    auto client = connect();
    client.send("GET /a HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("GET /a "));
    server_->server().stop();
    EXPECT_TRUE(client.read_to_end());
}

TEST_F(HttpServerTest, APortInUseIsAnErrorThatNamesIt) {
    open();
    HttpServerOptions options;
    options.name = "other_server";
    options.bind_address = "127.0.0.1";
    options.port = server_->server().port();
    asio::io_context context;
    base::Metrics metrics;
    const auto second = HttpServer::open(options, {&context}, echo, base::make_null_log(), metrics);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("other_server"), std::string::npos);
    EXPECT_NE(second.error().message.find(std::to_string(server_->server().port())), std::string::npos);
    EXPECT_NE(second.error().message.find("in use"), std::string::npos) << second.error().message;
}

}  // namespace
}  // namespace net
