#include "admin/control_client.h"

#include <boost/asio/read_until.hpp>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>

#include "admin/socket_file.h"
#include "support/process.h"
#include "unit/admin/local_client.h"

namespace admin {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::local::stream_protocol;
using testing::HasSubstr;

class ControlClientTest : public testing::Test {
  protected:
    /// What the client makes of a server that does this with its connection.
    base::Result<nlohmann::ordered_json> ask_one_that(
        const std::function<void(stream_protocol::socket&)>& serve,
        std::chrono::milliseconds patience = 20s) {
        asio::io_context context(1);
        auto listener = listen_on(context, path_).value();
        std::thread server([&] {
            auto socket = listener.acceptor.accept();
            std::string request;
            asio::read_until(socket, asio::dynamic_buffer(request), '\n');
            EXPECT_EQ(request, "{\"command\":\"list\"}\n");
            serve(socket);
        });
        auto answer = ask(path_, {{"command", "list"}}, patience);
        server.join();
        return answer;
    }
    base::Result<nlohmann::ordered_json> answer_to(std::string text) {
        return ask_one_that([&](auto& socket) { asio::write(socket, asio::buffer(text)); });
    }
    std::string error_of(const std::string& text) {
        const auto answer = answer_to(text);
        EXPECT_FALSE(answer);
        return answer ? std::string() : answer.error().message;
    }

    support::TemporaryFolder folder_;
    const std::filesystem::path path_ = folder_.path() / "control.sock";
};

TEST_F(ControlClientTest, GivesTheAnswer) {
    const auto answer = answer_to("{\"ok\":true,\"nodes\":[1]}\n");
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ((*answer)["nodes"][0], 1);
}

TEST_F(ControlClientTest, ARefusalIsInvalidInTheWordsOfTheSidecar) {
    const auto answer = answer_to("{\"ok\":false,\"error\":\"no such node\"}\n");
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().category, base::Error::Category::Invalid);
    EXPECT_EQ(answer.error().message, "no such node");
    EXPECT_THAT(error_of("{\"ok\":false}\n"), HasSubstr("does not say why"));
}

TEST_F(ControlClientTest, WhatIsNoAnswerIsAnError) {
    for (const auto* text : {"hello\n", "[]\n", "{}\n", "{\"ok\":1}\n", "\n"}) {
        EXPECT_THAT(error_of(text), HasSubstr("is no sidecar")) << text;
    }
    EXPECT_THAT(error_of(""), HasSubstr("without an answer"));
    EXPECT_THAT(error_of("{\"ok\":true"), HasSubstr("without an answer"));
}

TEST_F(ControlClientTest, DoesNotWaitForEver) {
    const auto wait_for_the_end = [](stream_protocol::socket& socket) {
        std::string rest;
        boost::system::error_code ignored;
        asio::read(socket, asio::dynamic_buffer(rest), ignored);
    };
    const auto answer = ask_one_that(wait_for_the_end, 1s);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().category, base::Error::Category::Unavailable);
    EXPECT_THAT(answer.error().message, HasSubstr("does not answer on " + path_.string()));
}

TEST_F(ControlClientTest, WhereNobodyListensTheMessageNamesThePath) {
    const auto error_at = [](const std::filesystem::path& path) {
        const auto answer = ask(path, {{"command", "list"}});
        EXPECT_FALSE(answer);
        return answer ? std::string() : answer.error().message;
    };
    const std::string nobody = ": the sidecar is not running, or was started with another control_socket";
    EXPECT_EQ(error_at(path_), "nothing listens on " + path_.string() + nobody);
    {
        asio::io_context context(1);
        const auto address = LocalAddress::of(path_).value();
        const stream_protocol::acceptor killed(context, address.endpoint());
    }
    EXPECT_EQ(error_at(path_), "nothing listens on " + path_.string() + nobody);
    const auto far = folder_.path() / std::string(150, 'd') / "control.sock";
    EXPECT_THAT(error_at(far), HasSubstr(far.string()));
}

}  // namespace
}  // namespace admin
