#include "net/cors.h"

namespace net {
namespace {

constexpr std::string_view kPreflightHolds = "86400";  // s; browsers ask again after less, if they like

}  // namespace

void add_cors(const Request& request, const CorsPolicy& policy, Headers& headers) {
    const auto origin = request.header("origin");
    if (!origin) return;
    headers.emplace_back("access-control-allow-origin", *origin);
    if (!policy.exposed_headers.empty()) {
        headers.emplace_back("access-control-expose-headers", policy.exposed_headers);
    }
    add_to_list(headers, "vary", "Origin");
}

Response options_response(const Request& request, const CorsPolicy& policy, std::string_view allow) {
    Response response{204, {{"allow", std::string(allow)}}, {}, false};
    add_cors(request, policy, response.headers);
    response.headers.emplace_back("access-control-allow-methods", allow);
    const auto asked = request.header("access-control-request-headers").value_or(policy.request_headers);
    if (!asked.empty()) response.headers.emplace_back("access-control-allow-headers", asked);
    response.headers.emplace_back("access-control-max-age", kPreflightHolds);
    return response;
}

}  // namespace net
