#include "net/http_message.h"

#include <gtest/gtest.h>

namespace net {
namespace {

TEST(ParseQuery, DecodesFieldsInOrder) {
    EXPECT_EQ(parse_query(""), Headers{});
    EXPECT_EQ(parse_query("start_from=5"), (Headers{{"start_from", "5"}}));
    EXPECT_EQ(parse_query("a=1&b=x%20y+z&c"), (Headers{{"a", "1"}, {"b", "x y z"}, {"c", ""}}));
    EXPECT_EQ(parse_query("a=1=2&&"), (Headers{{"a", "1=2"}}));
    EXPECT_EQ(parse_query("%61=%35"), (Headers{{"a", "5"}}));
}

TEST(ParseQuery, RefusesBrokenEscapes) {
    for (const char* bad : {"a=%", "a=%4", "a=%zz", "%g0=1"}) EXPECT_FALSE(parse_query(bad)) << bad;
}

TEST(Request, SplitsItsTarget) {
    Request request;
    request.target = "/events/main?start_from=5?x";
    EXPECT_EQ(request.path(), "/events/main");
    EXPECT_EQ(request.query(), "start_from=5?x");
    request.target = "/events";
    EXPECT_EQ(request.path(), "/events");
    EXPECT_EQ(request.query(), "");
}

TEST(Request, TakesTheAbsoluteFormOfItsSchemesOnly) {
    Request request;
    request.target = "HTTP://localhost:18888/events/main?start_from=5";
    EXPECT_EQ(request.path(), "/events/main");
    EXPECT_EQ(request.query(), "start_from=5");
    request.target = "https://localhost";
    EXPECT_EQ(request.path(), "/");
    for (const char* other :
         {"ftp://x/events/main", "\xff/y://x/events/main", "://x/events/main", "events/main"}) {
        request.target = other;
        EXPECT_EQ(request.path(), other);
    }
}

TEST(FindHeader, OverlooksCase) {
    const Headers headers{{"Last-Event-ID", "5"}, {"last-event-id", "6"}};
    EXPECT_EQ(find_header(headers, "last-EVENT-id"), "5");
    EXPECT_FALSE(find_header(headers, "origin"));
}

TEST(SerializeHead, IsAStatusLineHeadersAndAnEmptyLine) {
    EXPECT_EQ(serialize_head(11, 404, {{"a", "b"}}), "HTTP/1.1 404 Not Found\r\na: b\r\n\r\n");
    EXPECT_EQ(serialize_head(10, 200, {}), "HTTP/1.0 200 OK\r\n\r\n");
}

}  // namespace
}  // namespace net
