#include "net/cors.h"

#include <gtest/gtest.h>

namespace net {
namespace {

constexpr CorsPolicy kPolicy{.request_headers = "If-None-Match", .exposed_headers = "ETag"};

TEST(AddCors, GivesTheOriginBack) {
    Headers headers{{"vary", "Accept-Encoding"}};
    add_cors(Request{.headers = {{"Origin", "https://example.org"}}}, kPolicy, headers);
    EXPECT_EQ(headers, (Headers{{"vary", "Accept-Encoding, Origin"},
                                {"access-control-allow-origin", "https://example.org"},
                                {"access-control-expose-headers", "ETag"}}));
}

TEST(AddCors, LeavesOtherRequestsAlone) {
    Headers headers;
    add_cors(Request{}, kPolicy, headers);
    EXPECT_EQ(headers, Headers{});
}

TEST(OptionsResponse, GrantsWhatAPreflightAsksFor) {
    const Request request{.method = "OPTIONS",
                          .headers = {{"origin", "null"}, {"access-control-request-headers", "x-a, x-b"}}};
    const auto response = options_response(request, kPolicy, "GET, HEAD, OPTIONS");
    EXPECT_EQ(response.status, 204U);
    EXPECT_EQ(find_header(response.headers, "allow"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(find_header(response.headers, "access-control-allow-origin"), "null");
    EXPECT_EQ(find_header(response.headers, "access-control-allow-methods"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(find_header(response.headers, "access-control-allow-headers"), "x-a, x-b");

    const auto plain = options_response(Request{.method = "OPTIONS"}, kPolicy, "GET");
    EXPECT_EQ(find_header(plain.headers, "access-control-allow-headers"), "If-None-Match");
    EXPECT_FALSE(find_header(plain.headers, "access-control-allow-origin"));
}

}  // namespace
}  // namespace net
