#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <future>

#include "unit/net/running_server.h"

namespace net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using support::body_of;

constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

asio::awaitable<Answer> ok(Request request, std::size_t) {
    if (request.path() == "/throws") throw std::runtime_error("a bug");
    co_return text_response(200, "ok " + request.body);
}

/// Answers when it is told to, or notes that it was cancelled.
class Held {
  public:
    asio::awaitable<Answer> answer(Request request, std::size_t) {
        if (request.path() != "/held") co_return text_response(200, "ok");
        asio::steady_timer timer(co_await asio::this_coro::executor,
                                 std::chrono::steady_clock::time_point::max());
        timer_ = &timer;
        begun_.set_value();
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        const auto state = co_await asio::this_coro::cancellation_state;
        cancelled_.set_value(state.cancelled() != asio::cancellation_type::none);
        co_return text_response(200, "held");
    }
    Handler handler() {
        return [this](Request request, std::size_t worker) { return answer(std::move(request), worker); };
    }
    void wait_for_begin() { begun_.get_future().wait(); }
    void release(asio::io_context& context) {
        asio::post(context, [this] { timer_->cancel(); });
    }
    /// Once it has ended; false if it was released.
    bool was_cancelled() { return cancelled_.get_future().get(); }

  private:
    asio::steady_timer* timer_ = nullptr;
    std::promise<void> begun_;
    std::promise<bool> cancelled_;
};

TEST(HttpServerLimits, ATargetMayHave8000Bytes) {
    const RunningServer server(ok, {.refuse = json_refusal});
    const auto get = [&](std::size_t size) {
        return server.exchange("GET /" + std::string(size - 1, 'a') +
                               " HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    };
    EXPECT_TRUE(get(8000).starts_with("HTTP/1.1 200 "));
    for (const std::size_t size : {8001, 8192, 20'000, 200'000}) {
        auto client = server.connect();
        client.send("GET /" + std::string(size - 1, 'a'));
        if (size < 16'384) client.send(" HTTP/1.1\r\nhost: x\r\n\r\n");
        ASSERT_TRUE(client.read_to_end()) << size;
        EXPECT_TRUE(client.received().starts_with("HTTP/1.1 414 ")) << size << client.received();
        EXPECT_TRUE(body_of(client.received()).starts_with(R"({"code":414,"message":"the request's target)"));
    }
}

TEST(HttpServerLimits, RefusalsHaveTheServersForm) {
    const RunningServer server(ok, {.max_header_bytes = 1000, .max_body_bytes = 100, .refuse = json_refusal});
    const std::vector<std::pair<std::string, unsigned>> cases{
        {"hello\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nx: " + std::string(2000, 'a') + "\r\n\r\n", 431},
        {"POST / HTTP/1.1\r\ncontent-length: 101\r\n\r\n", 413},
        {"POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\ntransfer-encoding: gzip, chunked\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\ntransfer-encoding: xchunked\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n65\r\n" + std::string(101, 'a') +
             "\r\n0\r\n\r\n",
         413},
        {"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;" + std::string(3000, 'a'), 431},
        {"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nt: " + std::string(3000, 'a'), 431},
        {"GET /throws HTTP/1.1\r\nconnection: close\r\n\r\n", 500}};
    for (const auto& [request, status] : cases) {
        const auto response = server.exchange(request);
        EXPECT_TRUE(response.starts_with("HTTP/1.1 " + std::to_string(status))) << request << '\n'
                                                                                << response;
        EXPECT_TRUE(body_of(response).starts_with("{\"code\":" + std::to_string(status) + ",\"message\":\""))
            << response;
        EXPECT_EQ(response.find("HTTP/1.1", 1), std::string::npos) << "one answer only: " << response;
    }
}

TEST(HttpServerLimits, AHandlerThatThrewDoesNotEndTheConnection) {
    const RunningServer server(ok);
    auto client = server.connect();
    client.send("GET /throws HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("internal error"));
    client.send(kRequest);
    EXPECT_TRUE(client.read_until_contains("ok "));
}

TEST(HttpServerLimits, ARequestThatTricklesGets408) {
    const RunningServer server(ok, {.header_timeout = 1s});
    EXPECT_TRUE(server.exchange("GET / HTTP/1.1\r\nhos").starts_with("HTTP/1.1 408 "));
    EXPECT_EQ(server.exchange(""), "") << "one that sends nothing is closed without a word";

    // Bytes do not put the end off.
    auto client = server.connect();
    client.send("GET / HTTP/1.1\r\n");
    try {
        for (int i = 0; i < 1000 && !client.read_until_contains("408", 20ms); ++i) client.send("x: y\r\n");
    } catch (const std::system_error&) {
    }
    EXPECT_TRUE(client.read_until_contains("HTTP/1.1 408 ")) << client.received();
}

TEST(HttpServerLimits, ABodyThatTricklesGets408) {
    const RunningServer server(ok, {.body_timeout = 200ms});
    EXPECT_TRUE(server.exchange("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nabc")
                    .starts_with("HTTP/1.1 408 "));
}

TEST(HttpServerLimits, AnIdleConnectionIsClosedWithoutAWord) {
    const RunningServer server(ok, {.idle_timeout = 200ms});
    auto client = server.connect();
    client.send(kRequest);
    ASSERT_TRUE(client.read_until_contains("ok "));
    client.forget_received();
    ASSERT_TRUE(client.read_to_end());
    EXPECT_EQ(client.received(), "");
}

TEST(HttpServerLimits, IdleMayTakeLongerThanHeaders) {
    const RunningServer server(ok, {.header_timeout = 1s, .idle_timeout = 60s});
    auto client = server.connect();
    client.send(kRequest);
    ASSERT_TRUE(client.read_until_contains("ok "));
    client.forget_received();
    EXPECT_FALSE(client.read_until_contains("x", 2500ms));
    ASSERT_FALSE(client.closed());
    client.send(kRequest);
    EXPECT_TRUE(client.read_until_contains("ok "));
}

TEST(HttpServerLimits, AClientThatTakesNothingIsCutOff) {
    constexpr std::size_t kSize = 50'000'000;
    std::promise<void> let_go;
    const auto large = [&](Request, std::size_t) -> asio::awaitable<Answer> {
        const auto free = [&](const std::string* bytes) {
            delete bytes;
            let_go.set_value();
        };
        const std::shared_ptr<const std::string> owner(new std::string(kSize, 'a'), free);
        Response response;
        response.body = SharedBody{owner, *owner};
        co_return response;
    };
    const RunningServer server(large, {.write_timeout = 200ms});
    auto client = server.connect();
    client.send(kRequest);
    ASSERT_EQ(let_go.get_future().wait_for(20s), std::future_status::ready);
    ASSERT_TRUE(client.read_to_end());
    EXPECT_TRUE(client.received().starts_with("HTTP/1.1 200 OK"));
    EXPECT_LT(client.received().size(), kSize);
}

TEST(HttpServerLimits, TheOldestIdleConnectionMakesPlace) {
    const RunningServer server(ok, {.max_connections = 2});
    auto first = server.connect();
    first.send(kRequest);
    ASSERT_TRUE(first.read_until_contains("ok "));
    auto second = server.connect();
    second.send(kRequest);
    ASSERT_TRUE(second.read_until_contains("ok "));

    auto third = server.connect();
    third.send(kRequest);
    EXPECT_TRUE(third.read_until_contains("200 OK")) << third.received();
    EXPECT_TRUE(first.read_to_end());
    second.send(kRequest);
    EXPECT_TRUE(second.read_until_contains("200 OK"));
}

TEST(HttpServerLimits, WhereNoneIsIdleTheNewOneIsTurnedAway) {
    Held held;
    RunningServer server(held.handler(), {.max_connections = 1});
    auto first = server.connect();
    first.send("GET /held HTTP/1.1\r\nhost: x\r\n\r\n");
    held.wait_for_begin();
    const auto refused = server.exchange(kRequest);
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_NE(refused.find("retry-after: 1\r\n"), std::string::npos);

    held.release(server.context());
    EXPECT_TRUE(first.read_until_contains("held"));
    EXPECT_FALSE(held.was_cancelled());
    auto next = server.connect();
    next.send(kRequest);
    EXPECT_TRUE(next.read_until_contains("200 OK"));
}

TEST(HttpServerLimits, AHandlerWhoseClientWentAwayIsCancelled) {
    Held held;
    const RunningServer server(held.handler(), {.header_timeout = 2s});
    {
        auto client = server.connect();
        client.send("GET /held HTTP/1.1\r\nhost: x\r\n\r\nGET /pipelined HTTP/1.1\r\n\r\n");
        held.wait_for_begin();
    }
    EXPECT_TRUE(held.was_cancelled());
    EXPECT_TRUE(server.exchange("GET / HTTP/1.1\r\nconnection: close\r\n\r\n").starts_with("HTTP/1.1 200 "));
}

TEST(HttpServerLimits, TellsAClientToSendItsBody) {
    const RunningServer server(ok);
    auto client = server.connect();
    client.send("POST / HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("HTTP/1.1 100 Continue\r\n\r\n"));
    client.send("abc");
    EXPECT_TRUE(client.read_until_contains("ok abc"));
}

TEST(HttpServerLimits, TakesBothFormsOfABody) {
    const RunningServer server(ok);
    auto client = server.connect();
    client.send(
        "\r\n\r\nPOST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nt: "
        "u\r\n\r\n");
    EXPECT_TRUE(client.read_until_contains("ok abc"));
    client.send("POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\nde");
    EXPECT_TRUE(client.read_until_contains("ok de"));
}

}  // namespace
}  // namespace net
