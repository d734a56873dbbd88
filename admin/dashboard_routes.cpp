#include "admin/dashboard_routes.h"

#include <memory>
#include <string>
#include <utility>

namespace admin {

namespace asio = boost::asio;

namespace {

/// The sidecar's own files and stream only; no text of a node can become markup.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'";

using Files = std::shared_ptr<net::EmbeddedFiles>;

net::Response answer_with_file(net::EmbeddedFiles& files, const net::Request& request,
                               std::string_view name) {
    auto found = files.find(request, name);
    if (found) return std::move(*found);
    return net::json_refusal({404, "The dashboard has no such file", {}}, request);
}

RouteHandler page(const Files& files) {
    return [files](Call call) -> asio::awaitable<net::Response> {
        co_return answer_with_file(*files, *call.request, "index.html");
    };
}

RouteHandler file(const Files& files) {
    return [files](Call call) -> asio::awaitable<net::Response> {
        co_return answer_with_file(*files, *call.request, call.parameters.front());
    };
}

RouteHandler events(Dashboard& dashboard) {
    return [&dashboard](Call call) -> asio::awaitable<net::Response> {
        co_return dashboard.events(*call.request);
    };
}

RouteHandler state(Dashboard& dashboard) {
    return [&dashboard](Call) -> asio::awaitable<net::Response> { return dashboard.state(); };
}

}  // namespace

std::vector<AdminRoute> dashboard_routes(Dashboard& dashboard) {
    const auto files = std::make_shared<net::EmbeddedFiles>(dashboard_files(), kContentSecurityPolicy);
    const auto row = [](const char* pattern, RouteHandler handler) {
        return AdminRoute{
            {"GET", pattern}, AdminRoute::Limit::Free, AdminRoute::Access::Open, std::move(handler)};
    };
    return {row("/", page(files)), row("/dashboard/events", events(dashboard)),
            row("/dashboard/state", state(dashboard)), row("/dashboard/{file}", file(files))};
}

}  // namespace admin
