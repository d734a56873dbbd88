#include "stream/subscription.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "net/cors.h"
#include "stream/stream_query.h"

namespace stream {
namespace {

using base::Endpoint;
using base::EventId;

constexpr std::string_view kInvalidPath =
    "invalid path: expected '/events/main', '/events/deploys' or '/events/sigs'\n";
constexpr std::string_view kTooManySubscribers = "server has reached limit of subscribers";
constexpr std::string_view kTooManyOfAddress =
    "too many subscribers from this address; close one of its streams first\n";
constexpr std::string_view kDraining =
    "this sidecar is being drained and takes no subscribers; ask another one, or try again later\n";
constexpr std::string_view kMethods = "GET, HEAD, OPTIONS";
constexpr std::array kCodings{net::ContentCoding::Gzip, net::ContentCoding::Deflate};
constexpr net::CorsPolicy kCors{
    .request_headers = "Last-Event-ID",
    .exposed_headers =
        "X-Sidecar-Oldest-Id, X-Sidecar-Newest-Id, X-Sidecar-Feed-Id, X-Sidecar-Gap, Retry-After"};

net::Response refusal(const net::Request& request, unsigned status, std::string_view body) {
    auto response = net::text_response(status, std::string(body));
    net::add_cors(request, kCors, response.headers);
    return response;
}

net::Response come_later(const net::Request& request, std::string_view body, std::string_view seconds) {
    auto response = refusal(request, 503, body);
    response.headers.emplace_back("retry-after", seconds);
    return response;
}

net::Response too_many_of_address(const net::Request& request) {
    auto response = refusal(request, 429, kTooManyOfAddress);
    response.headers.emplace_back("retry-after", "30");
    return response;
}

/// Where a stream begins, and the ids that its cursor asks for in vain.
struct Start {
    EventId next = 1;
    std::string gap;
};

/// What is kept below the oldest id is replayed all the same.
Start start_at(EventId wanted, const FeedState& feed) {
    if (wanted >= feed.log.oldest) return {wanted, {}};
    return {wanted, fmt::format("{}-{}", wanted, feed.log.oldest - 1)};
}

Start start_after_last_event_id(EventId last, const FeedState& feed) {
    if (last > feed.log.newest()) return {feed.ring_next, "unknown"};
    return start_at(last + 1, feed);
}

Start start_from(EventId wanted, const FeedState& feed) {
    if (wanted == 0) return {feed.ring_first, {}};
    if (wanted <= feed.log.newest()) return start_at(wanted, feed);
    // What is committed and not yet in this ring is older than what was asked for.
    return {std::max(feed.ring_next, feed.log.next), start_at(wanted, feed).gap};
}

net::Response gone(const net::Request& request, const FeedState& feed, net::Headers headers,
                   std::string_view gap) {
    const nlohmann::ordered_json body{
        {"code", 410},
        {"message", gap == "unknown" ? std::string("the cursor is not of this feed")
                                     : fmt::format("events {} are not held any more", gap)},
        {"oldest_id", feed.log.oldest},
        {"newest_id", feed.log.newest()}};
    net::Response response{410, std::move(headers), body.dump(), false};
    response.headers.emplace_back("content-type", "application/json");
    net::add_cors(request, kCors, response.headers);
    return response;
}

net::Headers range_headers(const FeedState& feed, std::string_view gap) {
    net::Headers headers{{"x-sidecar-oldest-id", fmt::to_string(feed.log.oldest)},
                         {"x-sidecar-newest-id", fmt::to_string(feed.log.newest())},
                         {"x-sidecar-feed-id", std::string(feed.feed_id)}};
    if (!gap.empty()) headers.emplace_back("x-sidecar-gap", gap);
    return headers;
}

net::ContentCoding coding_for(const net::Request& request) {
    return net::preferred_coding(request.header("accept-encoding").value_or(""), kCodings);
}

net::Headers stream_headers(const net::Request& request, net::ContentCoding coding, net::Headers range) {
    net::Headers headers{
        {"content-type", "text/event-stream"}, {"cache-control", "no-cache"}, {"x-accel-buffering", "no"}};
    std::ranges::move(range, std::back_inserter(headers));
    if (coding != net::ContentCoding::Identity) headers.emplace_back("content-encoding", name_of(coding));
    net::add_to_list(headers, "vary", "Accept-Encoding");
    net::add_cors(request, kCors, headers);
    if (request.version >= 11) {
        headers.emplace_back("transfer-encoding", "chunked");
    } else if (request.method != "HEAD") {
        headers.emplace_back("connection", "close");
    }
    return headers;
}

}  // namespace

std::optional<Endpoint> endpoint_at(std::string_view path) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    for (const auto endpoint : base::kEndpoints) {
        if (base::endpoint_path(endpoint) == path) return endpoint;
    }
    return std::nullopt;
}

std::variant<Subscription, net::Response> read_subscription(const net::Request& request,
                                                            const FeedState& feed) {
    if (request.method == "OPTIONS") return net::options_response(request, kCors, kMethods);
    if (feed.draining) return come_later(request, kDraining, "30");
    if (feed.at_subscriber_limit) return refusal(request, 503, kTooManySubscribers);
    if (feed.at_address_limit) return too_many_of_address(request);

    const auto endpoint = endpoint_at(request.path());
    if (!endpoint) return refusal(request, 404, kInvalidPath);
    if (request.method != "GET" && request.method != "HEAD") {
        auto response = refusal(request, 405, fmt::format("method not allowed: expected {}\n", kMethods));
        response.headers.emplace_back("allow", kMethods);
        return response;
    }

    const auto query = read_query(request.query(), *endpoint);
    if (!query) return refusal(request, 422, query.error().message);

    // Last-Event-ID wins: a browser that reconnects sends it beside the URL's old start_from.
    Start start{feed.ring_next, {}};
    if (const auto header = request.header("last-event-id").value_or(""); !header.empty()) {
        const auto last = parse_id(header);
        if (!last) return refusal(request, 422, kInvalidQuery);  // as an invalid start_from is
        start = start_after_last_event_id(*last, feed);
    } else if (query->start_from) {
        start = start_from(*query->start_from, feed);
    }

    auto range = range_headers(feed, start.gap);
    if (!start.gap.empty() && query->fail_on_gap) return gone(request, feed, std::move(range), start.gap);

    Subscription subscription;
    subscription.lane = {*endpoint, query->filter};
    subscription.next = start.next;
    subscription.complete_from = std::max(start.next, feed.log.oldest);
    subscription.framing = request.version >= 11 ? Framing::Chunked : Framing::UntilClose;
    subscription.coding = coding_for(request);
    subscription.headers = stream_headers(request, subscription.coding, std::move(range));
    subscription.head_only = request.method == "HEAD";
    return subscription;
}

std::optional<Cursor> cursor_of(const net::Request& request) {
    if (const auto header = request.header("last-event-id").value_or(""); !header.empty()) {
        const auto last = parse_id(header);
        if (!last) return std::nullopt;
        return Cursor{*last, true};
    }
    const auto endpoint = endpoint_at(request.path());
    if (!endpoint) return std::nullopt;
    const auto query = read_query(request.query(), *endpoint);
    if (!query || !query->start_from) return std::nullopt;
    return Cursor{*query->start_from, false};
}

net::Response log_unreadable(const net::Request& request) {
    return come_later(
        request, "the events asked for are in storage, which cannot be read now; try again later\n", "5");
}

}  // namespace stream
