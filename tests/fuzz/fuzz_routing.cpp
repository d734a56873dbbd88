// What a server of requests makes of one before any handler: bytes to a request, its path to a row, its query
// to fields, its conditions and codings to an answer. Cut into pieces, the bytes must give the same request.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/content_coding.h"
#include "net/percent_encoding.h"
#include "net/request_parser.h"
#include "net/router.h"

namespace {

using net::RequestParser;

constexpr net::RequestSizes kSizes{.max_target = 200, .max_header = 1000, .max_body = 1000};
constexpr std::array<net::Route, 5> kRows{{{"GET", "/"},
                                           {"GET", "/block"},
                                           {"GET", "/block/{hash}"},
                                           {"GET, POST", "/deploy/{kind}/{hash}"},
                                           {"DELETE", "/block/{hash}"}}};

void require(bool condition) {
    if (!condition) std::abort();
}

/// Feeds `bytes`, at most `piece` more at a time.
void feed(RequestParser& parser, std::string_view bytes, std::size_t piece) {
    std::size_t begin = 0;
    std::size_t end = 0;
    while (end < bytes.size() && parser.stage() != RequestParser::Stage::Done &&
           parser.stage() != RequestParser::Stage::Refused) {
        end = std::min(end + piece, bytes.size());
        const auto taken = parser.take(bytes.substr(begin, end - begin));
        require(taken <= end - begin);
        begin += taken;
    }
}

void route(const net::Request& request) {
    const auto result = net::Router(kRows).find(request);
    if (const auto* match = std::get_if<net::RouteMatch>(&result)) {
        require(match->row < kRows.size());
        for (const auto& parameter : match->parameters) {
            require(!parameter.empty() && net::is_utf8(parameter) &&
                    parameter.find('\0') == std::string::npos);
        }
    } else {
        const auto& miss = std::get<net::RouteMiss>(result);
        const bool allows = miss.reason == net::RouteMiss::Reason::WrongMethod ||
                            miss.reason == net::RouteMiss::Reason::Options;
        require(allows == !miss.allow.empty());
    }
    static_cast<void>(net::parse_query(request.query()));
}

void negotiate(const net::Request& request) {
    auto page = net::json_response(200, std::string(2000, 'a'));
    page.headers.emplace_back("etag", "\"a\"");
    const auto response = net::negotiate(request, std::move(page));
    require(response.status == 200 || response.status == 304);
    require((response.status == 304) == net::bytes_of(response.body).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    RequestParser whole(kSizes);
    feed(whole, bytes, bytes.size() + 1);
    RequestParser cut(kSizes);
    feed(cut, bytes, 7);
    require((whole.stage() == RequestParser::Stage::Done) == (cut.stage() == RequestParser::Stage::Done));
    if (whole.stage() == RequestParser::Stage::Refused) require(whole.refusal().status >= 400);
    if (whole.stage() != RequestParser::Stage::Done) return 0;

    const auto& request = whole.request();
    require(request.target == cut.request().target && request.headers == cut.request().headers &&
            request.body == cut.request().body);
    require(request.target.size() <= kSizes.max_target && request.body.size() <= kSizes.max_body);
    route(request);
    negotiate(request);
    return 0;
}
