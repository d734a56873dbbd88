#include "net/request_parser.h"

#include <gtest/gtest.h>

namespace net {
namespace {

using Stage = RequestParser::Stage;

constexpr RequestSizes kSizes{.max_target = 100, .max_header = 1000, .max_body = 1000};
constexpr std::string_view kPost =
    "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Two:  two words \r\ncontent-length: 3\r\n\r\nabc";

void expect_post(RequestParser& parser) {
    ASSERT_EQ(parser.stage(), Stage::Done);
    const Request& request = parser.request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/a?b=c");
    EXPECT_EQ(request.version, 11U);
    EXPECT_EQ(request.headers, (Headers{{"Host", "x"}, {"X-Two", "two words"}, {"content-length", "3"}}));
    EXPECT_EQ(request.body, "abc");
    EXPECT_TRUE(parser.wants_keep_alive());
}

TEST(RequestParser, TakesOneRequestAndNoMore) {
    RequestParser parser(kSizes);
    EXPECT_EQ(parser.take(std::string(kPost) + "GET"), kPost.size());
    expect_post(parser);
}

TEST(RequestParser, TakesARequestByteByByte) {
    RequestParser parser(kSizes);
    std::string unread;
    for (const char byte : kPost) {
        ASSERT_NE(parser.stage(), Stage::Done);
        unread += byte;
        unread.erase(0, parser.take(unread));
    }
    expect_post(parser);
}

TEST(RequestParser, KnowsWhereItIs) {
    RequestParser parser(kSizes);
    EXPECT_EQ(parser.take("\r\n"), 2U);
    EXPECT_EQ(parser.stage(), Stage::InHead);
    EXPECT_FALSE(parser.expects_continue());
    const std::string_view head = "PUT / HTTP/1.1\r\nexpect: 100-Continue\r\ncontent-length: 3\r\n\r\n";
    EXPECT_EQ(parser.take(head), head.size());
    EXPECT_EQ(parser.stage(), Stage::InBody);
    EXPECT_TRUE(parser.expects_continue());
}

TEST(RequestParser, KnowsWhetherTheConnectionGoesOn) {
    const auto goes_on = [](std::string_view request) {
        RequestParser parser(kSizes);
        EXPECT_EQ(parser.take(request), request.size());
        return parser.wants_keep_alive();
    };
    EXPECT_TRUE(goes_on("GET / HTTP/1.1\r\n\r\n"));
    EXPECT_FALSE(goes_on("GET / HTTP/1.1\r\nconnection: close\r\n\r\n"));
    EXPECT_FALSE(goes_on("GET / HTTP/1.0\r\n\r\n"));
    EXPECT_TRUE(goes_on("GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n"));
}

/// What becomes of bytes that come in pieces of this size.
Stage stage_after(std::string_view bytes, std::size_t piece) {
    RequestParser parser(kSizes);
    std::string unread;
    for (std::size_t at = 0; at < bytes.size() && parser.stage() < Stage::Done; at += piece) {
        unread += bytes.substr(at, piece);
        unread.erase(0, parser.take(unread));
    }
    return parser.stage();
}

TEST(RequestParser, CountsTheHeadTheSameHoweverItIsCut) {
    const std::string begin = "GET / HTTP/1.1\r\nx: ";
    const std::string end = "\r\n\r\n";
    const std::string fits = begin + std::string(kSizes.max_header - begin.size() - end.size(), 'x') + end;
    const std::string too_large = begin + "x" + fits.substr(begin.size());
    const std::string with_body = "PUT / HTTP/1.1\r\ncontent-length: 1000\r\n\r\n" + std::string(1000, 'b');
    for (const std::size_t piece : {1U, 7U, 999U, 1000U, 1001U, 5000U}) {
        EXPECT_EQ(stage_after(fits, piece), Stage::Done) << piece;
        EXPECT_EQ(stage_after(too_large, piece), Stage::Refused) << piece;
        EXPECT_EQ(stage_after(with_body, piece), Stage::Done) << piece;
    }
}

TEST(RequestParser, NamesTheLimitThatWasPassed) {
    const auto refusal = [](std::string_view request) {
        RequestParser parser(kSizes);
        static_cast<void>(parser.take(request));
        EXPECT_EQ(parser.stage(), Stage::Refused) << request;
        return parser.refusal();
    };
    EXPECT_EQ(refusal("GET /" + std::string(100, 'a') + " HTTP/1.1\r\n\r\n").status, 414U);
    EXPECT_EQ(refusal("GET /" + std::string(2000, 'a')).status, 414U);
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\nx: " + std::string(2000, 'a')).status, 431U);
    EXPECT_EQ(refusal("GET / HTTP/1.1\r\ncontent-length: 1001\r\n\r\n").message,
              "the request's body is too large: expected at most 1000 bytes");
    EXPECT_EQ(refusal("GET / HTTP/2.0\r\n\r\n").status, 400U);
    EXPECT_EQ(refusal("GET  / HTTP/1.1\r\n\r\n").status, 400U);
    EXPECT_EQ(refusal(std::string_view("GET / HTTP/1.1\r\nx: a\0b\r\n\r\n", 26)).status, 400U);
}

}  // namespace
}  // namespace net
