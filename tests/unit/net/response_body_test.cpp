#include <atomic>
#include <optional>

#include "unit/net/running_server.h"
#include "unit/net/shared_body.h"

namespace net {
namespace {

namespace asio = boost::asio;
using support::body_of;
using support::head_of;

/// Gives the pieces one by one, then an end, or an error.
struct Pieces {
    std::vector<std::string> left;
    std::optional<base::Error> error;
    std::atomic<int>& calls;

    asio::awaitable<base::Result<SharedBody>> next() {
        ++calls;
        if (left.empty()) {
            if (error) co_return *error;
            co_return SharedBody{};
        }
        auto piece = shared(left.front());
        left.erase(left.begin());
        co_return piece;
    }
};

class ResponseBodyTest : public testing::Test {
  protected:
    asio::awaitable<Answer> answer(Request request, std::size_t) {
        Response response;
        if (request.path() == "/string") response.body = std::string("a string");
        if (request.path() == "/shared") response.body = shared("shared bytes");
        if (request.path() == "/large") response.body = shared(large_);
        if (request.path() == "/streamed") response.body = streamed({});
        if (request.path() == "/broken") response.body = streamed(base::unavailable("lost"));
        if (request.path() == "/endless") response.endless = true;
        if (request.path() == "/304") response = {304, {{"etag", "\"1\""}}, {}, false};
        co_return response;
    }

    Body streamed(std::optional<base::Error> error) {
        const auto pieces = std::make_shared<Pieces>(
            Pieces{{"one,", std::string(100'000, 'b'), ",three"}, std::move(error), calls_});
        return StreamedBody{[pieces] { return pieces->next(); }};
    }

    static std::string request(std::string_view method, std::string_view path, std::string_view more = "",
                               std::string_view version = "1.1") {
        return std::string(method) + " " + std::string(path) + " HTTP/" + std::string(version) +
               "\r\nhost: x\r\n" + std::string(more) + "\r\n";
    }
    static std::string last(std::string_view method, std::string_view path) {
        return request(method, path, "connection: close\r\n");
    }

    const std::string large_ = std::string(5'000'000, 'l') + "end";
    const std::string pieces_ = "one," + std::string(100'000, 'b') + ",three";
    std::atomic<int> calls_ = 0;
    RunningServer server_{
        [this](Request request, std::size_t worker) { return answer(std::move(request), worker); }};
};

TEST_F(ResponseBodyTest, StringsAndSharedBytesHaveALength) {
    const auto string = server_.exchange(last("GET", "/string"));
    EXPECT_NE(head_of(string).find("content-length: 8\r\n"), std::string::npos) << string;
    EXPECT_EQ(body_of(string), "a string");
    EXPECT_EQ(body_of(server_.exchange(last("GET", "/shared"))), "shared bytes");
    EXPECT_TRUE(body_of(server_.exchange(last("GET", "/large"))) == large_);
}

TEST_F(ResponseBodyTest, StreamedOnesAreChunked) {
    const auto response = server_.exchange(last("GET", "/streamed"));
    EXPECT_NE(head_of(response).find("transfer-encoding: chunked\r\n"), std::string::npos);
    EXPECT_EQ(head_of(response).find("content-length"), std::string::npos);
    EXPECT_TRUE(body_of(response) == pieces_);
    EXPECT_TRUE(response.ends_with("\r\n6\r\n,three\r\n0\r\n\r\n"));
}

TEST_F(ResponseBodyTest, StreamedOnesEndWithTheConnectionInHttp10) {
    const auto response = server_.exchange(request("GET", "/streamed", "connection: keep-alive\r\n", "1.0"));
    EXPECT_EQ(head_of(response).find("transfer-encoding"), std::string::npos) << head_of(response);
    EXPECT_NE(head_of(response).find("connection: close\r\n"), std::string::npos);
    EXPECT_TRUE(body_of(response) == pieces_);
}

TEST_F(ResponseBodyTest, HeadHasTheHeadOfGetAndAsksForNoPiece) {
    const auto head = server_.exchange(last("HEAD", "/streamed"));
    EXPECT_EQ(calls_, 0);
    EXPECT_TRUE(head.ends_with("\r\n\r\n"));
    const auto get = server_.exchange(last("GET", "/streamed"));
    const auto without_date = [](std::string text) { return text.erase(text.find("date: "), 37); };
    EXPECT_EQ(without_date(head_of(head)), without_date(head_of(get)));
    EXPECT_EQ(calls_, 4);
}

TEST_F(ResponseBodyTest, AnErrorCutsTheConnection) {
    const auto response = server_.exchange(request("GET", "/broken"));
    EXPECT_TRUE(body_of(response) == pieces_);
    EXPECT_TRUE(response.ends_with(",three\r\n")) << "there must be no last chunk";
}

TEST_F(ResponseBodyTest, AnAnswerWithoutContentHasNoLength) {
    const auto response = server_.exchange(last("GET", "/304"));
    EXPECT_EQ(response.find("content-length"), std::string::npos) << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\n"));
    EXPECT_EQ(server_.exchange(last("HEAD", "/endless")).find("content-length"), std::string::npos);
}

TEST_F(ResponseBodyTest, PipelinedRequestsAreAnsweredInOrder) {
    const auto response = server_.exchange(request("GET", "/string") + request("GET", "/streamed") +
                                           request("HEAD", "/large") + last("GET", "/shared"));
    const auto string = response.find("a string");
    const auto streamed = response.find(",three");
    const auto large = response.find("content-length: 5000003\r\n");
    const auto shared_bytes = response.find("shared bytes");
    ASSERT_NE(shared_bytes, std::string::npos);
    EXPECT_LT(string, streamed);
    EXPECT_LT(streamed, large);
    EXPECT_LT(large, shared_bytes);
}

TEST_F(ResponseBodyTest, ALargeBodyWaitsForASlowClient) {
    auto client = server_.connect();
    client.send(request("GET", "/large"));
    auto other = server_.connect();
    other.send(last("GET", "/string"));
    ASSERT_TRUE(other.read_to_end()) << "one that does not read must not hold up others";
    ASSERT_TRUE(client.read_until_contains("lend"));
    EXPECT_TRUE(body_of(client.received()) == large_);
}

}  // namespace
}  // namespace net
