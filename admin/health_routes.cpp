#include "admin/health_routes.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "admin/node_json.h"

namespace admin {

namespace asio = boost::asio;
using nlohmann::ordered_json;

namespace {

constexpr std::chrono::seconds kHealthPatience{2};
constexpr unsigned kServiceUnavailable = 503;

bool wants_plain(const net::Request& request) {
    const auto fields = net::parse_query(request.query());
    if (fields && net::find_header(*fields, "plain")) return true;
    const auto accepted = request.header("accept").value_or("");
    return accepted.find("text/plain") != std::string_view::npos &&
           accepted.find("application/json") == std::string_view::npos;
}

/// On one line: a node's words may hold anything.
std::string plain_line(std::string text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; };
    std::ranges::replace_if(text, is_control, ' ');
    return text + "\n";
}

net::Response answer(const net::Request& request, bool good, const std::string& plain,
                     const ordered_json& json) {
    const unsigned status = good ? 200 : kServiceUnavailable;
    auto response = wants_plain(request) ? net::text_response(status, plain_line(plain))
                                         : net::json_response(status, line_of(json));
    response.headers.emplace_back("cache-control", "no-store");
    return response;
}

net::Response live_answer(const net::Request& request, const std::vector<std::string>& stuck) {
    ordered_json json;
    json["live"] = stuck.empty();
    if (!stuck.empty()) json["stuck"] = stuck;
    const auto plain = stuck.empty() ? "live" : fmt::format("not live: {}", fmt::join(stuck, ", "));
    return answer(request, stuck.empty(), plain, json);
}

net::Response ready_answer(const net::Request& request, const Readiness::Reasons& reasons) {
    ordered_json json;
    json["ready"] = reasons.empty();
    json["reasons"] = reasons;
    const auto plain = reasons.empty() ? "ready" : fmt::format("not ready: {}", fmt::join(reasons, "; "));
    return answer(request, reasons.empty(), plain, json);
}

}  // namespace

std::vector<AdminRoute> health_routes(const Readiness& readiness, NodeReports& nodes,
                                      StuckLoops stuck_loops) {
    RouteHandler live = [stuck_loops = std::move(stuck_loops)](Call call) -> asio::awaitable<net::Response> {
        net::Response response = live_answer(*call.request, stuck_loops());
        co_return response;
    };
    RouteHandler ready = [&readiness, &nodes](Call call) -> asio::awaitable<net::Response> {
        auto asking = nodes.ask(call.way_back, kHealthPatience);
        const NodeReports::Reports reports = co_await std::move(asking);
        net::Response response = ready_answer(*call.request, readiness.reasons(reports.get()));
        co_return response;
    };
    using Limit = AdminRoute::Limit;
    using Access = AdminRoute::Access;
    return {{{"GET", "/health/live"}, Limit::Free, Access::Open, std::move(live)},
            {{"GET", "/health/ready"}, Limit::Free, Access::Open, std::move(ready)}};
}

}  // namespace admin
