#include "stream/subscription.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/result.h"

namespace stream {
namespace {

using base::Endpoint;
using base::EventId;

constexpr std::string_view kInvalidPath =
    "invalid path: expected '/events/main', '/events/deploys' or '/events/sigs'\n";
constexpr std::string_view kInvalidQuery = "invalid query: expected single field 'start_from=<EVENT ID>'\n";
constexpr std::string_view kTooManySubscribers = "server has reached limit of subscribers";
constexpr std::string_view kMethods = "GET, HEAD, OPTIONS";
constexpr std::string_view kExposedHeaders =
    "X-Sidecar-Oldest-Id, X-Sidecar-Newest-Id, X-Sidecar-Feed-Id, X-Sidecar-Gap";

void add_cors(const net::Request& request, net::Headers& headers) {
    const auto origin = request.header("origin");
    if (!origin) return;
    headers.emplace_back("access-control-allow-origin", *origin);
    headers.emplace_back("access-control-expose-headers", kExposedHeaders);
    headers.emplace_back("vary", "Origin");
}

net::Response refusal(const net::Request& request, unsigned status, std::string_view body) {
    auto response = net::text_response(status, std::string(body));
    add_cors(request, response.headers);
    return response;
}

net::Response preflight(const net::Request& request) {
    net::Response response{204, {{"allow", std::string(kMethods)}}, {}, false};
    add_cors(request, response.headers);
    response.headers.emplace_back("access-control-allow-methods", kMethods);
    response.headers.emplace_back("access-control-allow-headers",
                                  request.header("access-control-request-headers").value_or("Last-Event-ID"));
    response.headers.emplace_back("access-control-max-age", "86400");
    return response;
}

std::optional<Endpoint> endpoint_at(std::string_view path) {
    if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
    for (const auto endpoint : base::kEndpoints) {
        if (base::endpoint_path(endpoint) == path) return endpoint;
    }
    return std::nullopt;
}

std::optional<EventId> parse_id(std::string_view text) {
    EventId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id > base::kMaxEventId)
        return std::nullopt;
    return id;
}

struct Query {
    std::optional<EventId> start_from;
    bool fail_on_gap = false;
};

std::optional<Query> parse_fields(std::string_view text) {
    const auto fields = net::parse_query(text);
    if (!fields) return std::nullopt;
    Query query;
    for (const auto& [name, value] : *fields) {
        if (name == "start_from" && !query.start_from) {
            query.start_from = parse_id(value);
            if (!query.start_from) return std::nullopt;
        } else if (name == "on_gap" && !query.fail_on_gap && value == "fail") {
            query.fail_on_gap = true;
        } else {
            return std::nullopt;
        }
    }
    return query;
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
    add_cors(request, response.headers);
    return response;
}

net::Headers range_headers(const FeedState& feed, std::string_view gap) {
    net::Headers headers{{"x-sidecar-oldest-id", fmt::to_string(feed.log.oldest)},
                         {"x-sidecar-newest-id", fmt::to_string(feed.log.newest())},
                         {"x-sidecar-feed-id", std::string(feed.feed_id)}};
    if (!gap.empty()) headers.emplace_back("x-sidecar-gap", gap);
    return headers;
}

net::Headers stream_headers(const net::Request& request, net::Headers range) {
    net::Headers headers{
        {"content-type", "text/event-stream"}, {"cache-control", "no-cache"}, {"x-accel-buffering", "no"}};
    std::ranges::move(range, std::back_inserter(headers));
    add_cors(request, headers);
    if (request.version >= 11) {
        headers.emplace_back("transfer-encoding", "chunked");
    } else if (request.method != "HEAD") {
        headers.emplace_back("connection", "close");
    }
    return headers;
}

}  // namespace

std::variant<Subscription, net::Response> read_subscription(const net::Request& request,
                                                            const FeedState& feed) {
    if (request.method == "OPTIONS") return preflight(request);
    if (feed.at_subscriber_limit) return refusal(request, 503, kTooManySubscribers);

    const auto endpoint = endpoint_at(request.path());
    if (!endpoint) return refusal(request, 404, kInvalidPath);
    if (request.method != "GET" && request.method != "HEAD") {
        auto response = refusal(request, 405, fmt::format("method not allowed: expected {}\n", kMethods));
        response.headers.emplace_back("allow", kMethods);
        return response;
    }

    const auto query = parse_fields(request.query());
    if (!query) return refusal(request, 422, kInvalidQuery);

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
    subscription.endpoint = *endpoint;
    subscription.next = start.next;
    subscription.complete_from = std::max(start.next, feed.log.oldest);
    subscription.framing = request.version >= 11 ? Framing::Chunked : Framing::UntilClose;
    subscription.headers = stream_headers(request, std::move(range));
    subscription.head_only = request.method == "HEAD";
    return subscription;
}

std::optional<Cursor> cursor_of(const net::Request& request) {
    if (const auto header = request.header("last-event-id").value_or(""); !header.empty()) {
        const auto last = parse_id(header);
        if (!last) return std::nullopt;
        return Cursor{*last, true};
    }
    const auto query = parse_fields(request.query());
    if (!query || !query->start_from) return std::nullopt;
    return Cursor{*query->start_from, false};
}

net::Response log_unreadable(const net::Request& request) {
    auto response = refusal(
        request, 503, "the events asked for are in storage, which cannot be read now; try again later\n");
    response.headers.emplace_back("retry-after", "5");
    return response;
}

}  // namespace stream
