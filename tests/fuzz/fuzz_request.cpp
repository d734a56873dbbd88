// A request to the event stream server: any method, target and headers must give a stream or a proper error,
// and a stream must begin where its cursor says.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "stream/subscription.h"

namespace {

/// Cuts off what stands before the separator, or all.
std::string_view next_part(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto part = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return part;
}

void require(bool condition) {
    if (!condition) std::abort();
}

bool has_header(const net::Headers& headers, std::string_view name) {
    return std::ranges::any_of(headers, [&](const auto& header) { return header.first == name; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    net::Request request;
    request.method = "GET";
    request.target = next_part(rest, '\n');
    if (rest.starts_with('!')) request.method = next_part(rest, '\n').substr(1);
    request.version = rest.starts_with('0') ? 10 : 11;
    while (!rest.empty()) {
        auto line = next_part(rest, '\n');
        const auto name = next_part(line, ':');
        request.headers.emplace_back(name, line);
    }

    const stream::FeedState feed{.log = {11, 101}, .ring_first = 61, .ring_next = 101, .feed_id = "feed"};
    const auto result = stream::read_subscription(request, feed);
    if (const auto* response = std::get_if<net::Response>(&result)) {
        require(response->status == 200 || response->status == 204 || response->status == 404 ||
                response->status == 405 || response->status == 410 || response->status == 422);
        require(response->status < 400 || !net::bytes_of(response->body).empty());
    } else {
        const auto& subscription = std::get<stream::Subscription>(result);
        require(subscription.next <= feed.log.next);
        require(subscription.complete_from >= feed.log.oldest &&
                subscription.complete_from >= subscription.next);
        // Who begins below the oldest id is told what is missing.
        require(subscription.next >= feed.log.oldest || has_header(subscription.headers, "x-sidecar-gap"));
        require(request.path().starts_with("/events"));
    }
    return 0;
}
