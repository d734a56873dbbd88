#include "net/conditional.h"

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <optional>

namespace net {
namespace {

constexpr std::string_view kGzipSuffix = "-gzip";
constexpr std::array<std::string_view, 6> kKept{"cache-control", "content-location", "date",
                                                "etag",          "expires",          "vary"};
constexpr std::string_view kCorsPrefix = "access-control-";

/// Cuts the next entity tag off and gives what stands between its quotes.
std::optional<std::string_view> next_opaque(std::string_view& text) {
    if (text.starts_with("W/")) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const auto end = text.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    const auto opaque = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    return opaque;
}

std::string_view uncoded(std::string_view opaque) {
    return opaque.ends_with(kGzipSuffix) ? opaque.substr(0, opaque.size() - kGzipSuffix.size()) : opaque;
}

std::string_view without_separators(std::string_view text) {
    return text.substr(std::min(text.find_first_not_of(" \t,"), text.size()));
}

bool is_kept(std::string_view name) {
    const auto is_name = [name](std::string_view kept) { return boost::beast::iequals(kept, name); };
    return std::ranges::any_of(kKept, is_name) ||
           boost::beast::iequals(name.substr(0, kCorsPrefix.size()), kCorsPrefix);
}

}  // namespace

bool names_etag(std::string_view if_none_match, std::string_view etag) {
    if_none_match = without_separators(if_none_match);
    if (if_none_match.starts_with('*')) return true;
    const auto wanted = next_opaque(etag);
    if (!wanted) return false;
    while (!if_none_match.empty()) {
        const auto listed = next_opaque(if_none_match);
        if (!listed) return false;
        if (uncoded(*listed) == uncoded(*wanted)) return true;
        if_none_match = without_separators(if_none_match);
    }
    return false;
}

bool holds(const Request& request, std::string_view etag) {
    if (request.method != "GET" && request.method != "HEAD") return false;
    return std::ranges::any_of(request.headers, [etag](const auto& header) {
        return boost::beast::iequals(header.first, "if-none-match") && names_etag(header.second, etag);
    });
}

Response not_modified(Response response) {
    response.status = 304;
    response.body = std::string();
    std::erase_if(response.headers, [](const auto& header) { return !is_kept(header.first); });
    return response;
}

}  // namespace net
