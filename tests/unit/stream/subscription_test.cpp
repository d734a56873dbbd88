#include "stream/subscription.h"

#include <gtest/gtest.h>

namespace stream {
namespace {

using base::Endpoint;

/// Ids 11 to 100 are stored, 61 to 100 are in the ring.
FeedState feed() {
    return {.log = {11, 101}, .ring_first = 61, .ring_next = 101, .feed_id = "the-feed"};
}

net::Request get(std::string target, net::Headers headers = {}) {
    net::Request request;
    request.method = "GET";
    request.target = std::move(target);
    request.headers = std::move(headers);
    return request;
}

Subscription subscribed(const net::Request& request, const FeedState& state = feed()) {
    auto result = read_subscription(request, state);
    if (auto* response = std::get_if<net::Response>(&result)) {
        ADD_FAILURE() << request.target << ": " << response->status << " " << net::bytes_of(response->body);
        return {};
    }
    return std::get<Subscription>(result);
}

net::Response refused(const net::Request& request, const FeedState& state = feed()) {
    auto result = read_subscription(request, state);
    if (std::holds_alternative<Subscription>(result)) {
        ADD_FAILURE() << request.target << " was accepted";
        return {};
    }
    return std::get<net::Response>(result);
}

std::string header(const net::Headers& headers, std::string_view name) {
    return std::string(net::find_header(headers, name).value_or("(none)"));
}

TEST(ReadSubscription, KnowsTheEndpointsWithOneTrailingSlash) {
    EXPECT_EQ(subscribed(get("/events")).lane.endpoint, Endpoint::Events);
    EXPECT_EQ(subscribed(get("/events/")).lane.endpoint, Endpoint::Events);
    EXPECT_EQ(subscribed(get("/events/main")).lane.endpoint, Endpoint::Main);
    EXPECT_EQ(subscribed(get("/events/deploys/")).lane.endpoint, Endpoint::Deploys);
    EXPECT_EQ(subscribed(get("/events/sigs/?start_from=1")).lane.endpoint, Endpoint::Sigs);
    EXPECT_EQ(subscribed(get("/events/sidecar")).lane.endpoint, Endpoint::Sidecar);
}

TEST(ReadSubscription, AnswersOtherPathsAsTheNodeDoes) {
    for (const char* path :
         {"/", "/events/nope", "/events/main//", "/event", "/events/Main", "/events/main/x", "//events"}) {
        const auto response = refused(get(path));
        EXPECT_EQ(response.status, 404U) << path;
        EXPECT_EQ(net::bytes_of(response.body),
                  "invalid path: expected '/events/main', '/events/deploys' or '/events/sigs'\n");
    }
}

TEST(ReadSubscription, AnswersOtherQueriesAsTheNodeDoes) {
    for (const char* query :
         {"foo=1", "start_from", "start_from=", "start_from=-1", "start_from=+1", "start_from=x",
          "start_from=1&foo=2", "start_from=1&start_from=1", "start_from=1.0", "start_from=0x1",
          "start_from=9007199254740992", "start_from=99999999999999999999", "start_from=%zz", "on_gap=ignore",
          "on_gap=fail&on_gap=fail", "START_FROM=1"}) {
        const auto response = refused(get(std::string("/events/main?") + query));
        EXPECT_EQ(response.status, 422U) << query;
        EXPECT_EQ(net::bytes_of(response.body),
                  "invalid query: expected single field 'start_from=<EVENT ID>'\n");
    }
    EXPECT_EQ(subscribed(get("/events/main?")).next, 101U) << "an empty query is none";
    EXPECT_EQ(subscribed(get("/events/main?start_from=9007199254740991")).next, 101U);
}

TEST(ReadSubscription, AFilterChangesNothingButTheLane) {
    const auto filtered = subscribed(get("/events/main?start_from=3&kinds=Step&era_id=7"));
    const auto whole = subscribed(get("/events/main?start_from=3"));
    EXPECT_EQ(filtered.lane.filter.traits.era, 7U);
    EXPECT_NE(filtered.lane, whole.lane);
    EXPECT_EQ(filtered.next, whole.next);
    EXPECT_EQ(filtered.complete_from, whole.complete_from);
    EXPECT_EQ(filtered.headers, whole.headers);
    EXPECT_EQ(refused(get("/events/main?kinds=Step&on_gap=fail&start_from=3")).status, 410U);
    EXPECT_EQ(subscribed(get("/events/main?kinds=Step", {{"Last-Event-ID", "20"}})).next, 21U);

    const auto cursor = cursor_of(get("/events/main?kinds=Step&start_from=12"));
    ASSERT_TRUE(cursor);
    EXPECT_EQ(cursor->id, 12U);
}

TEST(ReadSubscription, AFilterThatMakesNoSenseIsTold) {
    const auto response = refused(get("/events/main?kinds=Nope", {{"Origin", "https://example.org"}}));
    EXPECT_EQ(response.status, 422U);
    EXPECT_TRUE(net::bytes_of(response.body).starts_with("invalid query: field 'kinds': expected "))
        << net::bytes_of(response.body);
    EXPECT_EQ(header(response.headers, "access-control-allow-origin"), "https://example.org");
    EXPECT_EQ(refused(get("/events/nope?kinds=Nope")).status, 404U);
    EXPECT_EQ(refused(get("/events/main?kinds=Nope", {{"Last-Event-ID", "20"}})).status, 422U);
}

TEST(ReadSubscription, StartFromIsInclusive) {
    EXPECT_EQ(subscribed(get("/events/main")).next, 101U) << "without it there is no history";
    EXPECT_EQ(subscribed(get("/events/main?start_from=100")).next, 100U);
    EXPECT_EQ(subscribed(get("/events/main?start_from=20")).next, 20U);
    EXPECT_EQ(subscribed(get("/events/main?start_from=101")).next, 101U) << "above the newest: live only";
    EXPECT_EQ(subscribed(get("/events/main?start_from=5000")).next, 101U);
}

TEST(ReadSubscription, ZeroIsTheRingAndNeverAGap) {
    const auto subscription = subscribed(get("/events/main?start_from=0&on_gap=fail"));
    EXPECT_EQ(subscription.next, 61U);
    EXPECT_EQ(header(subscription.headers, "x-sidecar-gap"), "(none)");
}

TEST(ReadSubscription, AnOlderCursorIsToldWhatIsMissing) {
    const auto subscription = subscribed(get("/events/main?start_from=3"));
    EXPECT_EQ(subscription.next, 3U) << "kept kinds may be there";
    EXPECT_EQ(subscription.complete_from, 11U);
    EXPECT_EQ(header(subscription.headers, "x-sidecar-gap"), "3-10");
    EXPECT_EQ(header(subscribed(get("/events/main", {{"Last-Event-ID", "0"}})).headers, "x-sidecar-gap"),
              "1-10");
    EXPECT_EQ(header(subscribed(get("/events/main", {{"Last-Event-ID", "10"}})).headers, "x-sidecar-gap"),
              "(none)");

    const auto gone = refused(get("/events/main?start_from=3&on_gap=fail"));
    EXPECT_EQ(gone.status, 410U);
    EXPECT_EQ(header(gone.headers, "content-type"), "application/json");
    EXPECT_TRUE(net::bytes_of(gone.body).starts_with(R"({"code":410,"message":")"))
        << net::bytes_of(gone.body);
    EXPECT_TRUE(net::bytes_of(gone.body).ends_with(R"(","oldest_id":11,"newest_id":100})"))
        << net::bytes_of(gone.body);
}

TEST(ReadSubscription, LastEventIdIsExclusiveAndWins) {
    EXPECT_EQ(subscribed(get("/events/main?start_from=99", {{"Last-Event-ID", "20"}})).next, 21U);
    EXPECT_EQ(subscribed(get("/events/main", {{"last-event-id", "100"}})).next, 101U);
    EXPECT_EQ(subscribed(get("/events/main?start_from=99", {{"Last-Event-ID", ""}})).next, 99U);
    for (const char* bad : {"x", "-1", "1 2", "9007199254740992"}) {
        EXPECT_EQ(refused(get("/events/main", {{"Last-Event-ID", bad}})).status, 422U) << bad;
    }
    EXPECT_EQ(refused(get("/events/main?foo=1", {{"Last-Event-ID", "20"}})).status, 422U);
}

TEST(ReadSubscription, ACursorOfAnotherFeedIsTold) {
    const auto subscription = subscribed(get("/events/main", {{"Last-Event-ID", "101"}}));
    EXPECT_EQ(subscription.next, 101U);
    EXPECT_EQ(header(subscription.headers, "x-sidecar-gap"), "unknown");
    EXPECT_EQ(refused(get("/events/main?on_gap=fail", {{"Last-Event-ID", "101"}})).status, 410U);
}

TEST(ReadSubscription, AShardThatLagsWithholdsWhatTheClientHas) {
    auto lagging = feed();
    lagging.ring_next = 95;
    const auto subscription = subscribed(get("/events/main", {{"Last-Event-ID", "98"}}), lagging);
    EXPECT_EQ(subscription.next, 99U);
    EXPECT_EQ(header(subscription.headers, "x-sidecar-gap"), "(none)");
}

TEST(ReadSubscription, AboveTheNewestWithholdsWhatALaggingShardHasNotSeen) {
    auto lagging = feed();
    lagging.ring_next = 95;
    EXPECT_EQ(subscribed(get("/events/main?start_from=101"), lagging).next, 101U);
}

TEST(ReadSubscription, AnEmptyLogAnnouncesItsNextId) {
    const FeedState empty{.log = {1, 1}, .ring_first = 1, .ring_next = 1, .feed_id = "f"};
    const auto subscription = subscribed(get("/events/main?start_from=1"), empty);
    EXPECT_EQ(subscription.next, 1U);
    EXPECT_EQ(header(subscription.headers, "x-sidecar-oldest-id"), "1");
    EXPECT_EQ(header(subscription.headers, "x-sidecar-newest-id"), "0");
    EXPECT_EQ(header(subscription.headers, "x-sidecar-gap"), "(none)");
}

TEST(ReadSubscription, StreamsCarryTheirHeaders) {
    const auto subscription = subscribed(get("/events/main"));
    EXPECT_EQ(header(subscription.headers, "content-type"), "text/event-stream");
    EXPECT_EQ(header(subscription.headers, "cache-control"), "no-cache");
    EXPECT_EQ(header(subscription.headers, "x-accel-buffering"), "no");
    EXPECT_EQ(header(subscription.headers, "x-sidecar-oldest-id"), "11");
    EXPECT_EQ(header(subscription.headers, "x-sidecar-newest-id"), "100");
    EXPECT_EQ(header(subscription.headers, "x-sidecar-feed-id"), "the-feed");
    EXPECT_EQ(header(subscription.headers, "transfer-encoding"), "chunked");
    EXPECT_EQ(header(subscription.headers, "access-control-allow-origin"), "(none)");
}

TEST(ReadSubscription, Http10HasNoChunks) {
    auto request = get("/events/main");
    request.version = 10;
    const auto subscription = subscribed(request);
    EXPECT_EQ(subscription.framing, Framing::UntilClose);
    EXPECT_EQ(header(subscription.headers, "transfer-encoding"), "(none)");
    EXPECT_EQ(header(subscription.headers, "connection"), "close");
}

TEST(ReadSubscription, AnOriginIsGivenBackOnErrorsToo) {
    const net::Headers origin{{"Origin", "https://example.org"}};
    EXPECT_EQ(header(subscribed(get("/events/main", origin)).headers, "access-control-allow-origin"),
              "https://example.org");
    const auto exposed =
        header(subscribed(get("/events/main", origin)).headers, "access-control-expose-headers");
    for (const char* name :
         {"X-Sidecar-Oldest-Id", "X-Sidecar-Newest-Id", "X-Sidecar-Feed-Id", "X-Sidecar-Gap"}) {
        EXPECT_NE(exposed.find(name), std::string::npos) << name;
    }
    auto full = feed();
    full.at_subscriber_limit = true;
    for (const auto& response :
         {refused(get("/nope", origin)), refused(get("/events?x=1", origin)),
          refused(get("/events/main?start_from=3&on_gap=fail", origin)),
          refused(get("/events", origin), full), log_unreadable(get("/events", origin))}) {
        EXPECT_EQ(header(response.headers, "access-control-allow-origin"), "https://example.org")
            << response.status;
    }
}

TEST(ReadSubscription, TheLimitOfSubscribersComesFirst) {
    auto full = feed();
    full.at_subscriber_limit = true;
    for (const char* target : {"/events/main", "/nope", "/events/main?foo=1"}) {
        const auto response = refused(get(target), full);
        EXPECT_EQ(response.status, 503U);
        EXPECT_EQ(net::bytes_of(response.body), "server has reached limit of subscribers");
    }
}

TEST(ReadSubscription, TheLimitOfAnAddressComesNext) {
    auto full = feed();
    full.at_address_limit = true;
    for (const char* target : {"/events/main", "/nope", "/events/main?foo=1"}) {
        auto request = get(target);
        request.headers.emplace_back("origin", "https://a.example");
        const auto response = refused(request, full);
        EXPECT_EQ(response.status, 429U);
        EXPECT_EQ(header(response.headers, "retry-after"), "30");
        EXPECT_EQ(header(response.headers, "access-control-allow-origin"), "https://a.example");
        EXPECT_NE(net::bytes_of(response.body).find("this address"), std::string_view::npos);
    }
    auto head = get("/events/main");
    head.method = "HEAD";
    EXPECT_EQ(refused(head, full).status, 429U);
    auto preflight = get("/events/main");
    preflight.method = "OPTIONS";
    EXPECT_EQ(refused(preflight, full).status, 204U);
    full.at_subscriber_limit = true;
    EXPECT_EQ(refused(get("/events/main"), full).status, 503U);
}

TEST(ReadSubscription, ADrainLetsNobodyInButAnswersAPreflight) {
    auto draining = feed();
    draining.draining = true;
    draining.at_subscriber_limit = true;
    const auto response = refused(get("/events/main"), draining);
    EXPECT_EQ(response.status, 503U);
    EXPECT_EQ(header(response.headers, "retry-after"), "30");
    EXPECT_NE(net::bytes_of(response.body).find("being drained"), std::string_view::npos);
    auto preflight = get("/events/main");
    preflight.method = "OPTIONS";
    EXPECT_EQ(refused(preflight, draining).status, 204U);
}

TEST(ReadSubscription, IsCompressedForWhoPrefersIt) {
    using net::ContentCoding;
    const auto asked = [](std::string accepted) {
        return subscribed(get("/events/main", {{"accept-encoding", std::move(accepted)}}));
    };
    for (const char* curl_and_browsers : {"deflate, gzip, br", "gzip, deflate, br, zstd", "gzip", "*"}) {
        const auto subscription = asked(curl_and_browsers);
        EXPECT_EQ(subscription.coding, ContentCoding::Gzip) << curl_and_browsers;
        EXPECT_EQ(header(subscription.headers, "content-encoding"), "gzip");
    }
    EXPECT_EQ(asked("deflate").coding, ContentCoding::Deflate);
    EXPECT_EQ(header(asked("deflate, gzip;q=0.5").headers, "content-encoding"), "deflate");
    for (const char* plain : {"", "identity", "br", "gzip;q=0", "gzip;q=0.5, identity"}) {
        const auto subscription = asked(plain);
        EXPECT_EQ(subscription.coding, ContentCoding::Identity) << plain;
        EXPECT_EQ(header(subscription.headers, "content-encoding"), "(none)");
        EXPECT_EQ(header(subscription.headers, "vary"), "Accept-Encoding");
    }
    const auto from_a_page =
        subscribed(get("/events/main", {{"accept-encoding", "gzip"}, {"origin", "http://a.example"}}));
    EXPECT_EQ(header(from_a_page.headers, "vary"), "Accept-Encoding, Origin");
}

TEST(ReadSubscription, OptionsIsAPreflight) {
    auto request = get("/events/main", {{"Origin", "https://example.org"},
                                        {"Access-Control-Request-Method", "GET"},
                                        {"Access-Control-Request-Headers", "last-event-id"}});
    request.method = "OPTIONS";
    const auto response = refused(request);
    EXPECT_EQ(response.status, 204U);
    EXPECT_EQ(header(response.headers, "access-control-allow-origin"), "https://example.org");
    EXPECT_EQ(header(response.headers, "access-control-allow-methods"), "GET, HEAD, OPTIONS");
    EXPECT_EQ(header(response.headers, "access-control-allow-headers"), "last-event-id");
}

TEST(ReadSubscription, HeadAnswersLikeGetWithoutABody) {
    auto request = get("/events/main?start_from=3");
    request.method = "HEAD";
    const auto head = subscribed(request);
    EXPECT_TRUE(head.head_only);
    EXPECT_EQ(head.headers, subscribed(get("/events/main?start_from=3")).headers);
    EXPECT_FALSE(subscribed(get("/events/main")).head_only);
}

TEST(ReadSubscription, OtherMethodsAreNotAllowed) {
    auto request = get("/events/main");
    request.method = "POST";
    const auto response = refused(request);
    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(header(response.headers, "allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace stream
