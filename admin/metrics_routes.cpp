#include "admin/metrics_routes.h"

#include <prometheus/text_serializer.h>

namespace admin {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds kScrapePatience{1};

}  // namespace

std::string metrics_text(const base::Metrics& metrics) {
    return prometheus::TextSerializer().Serialize(metrics.collect());
}

std::vector<AdminRoute> metrics_routes(const base::Metrics& metrics, NodeReports& nodes) {
    RouteHandler answer = [&metrics, &nodes](Call call) -> asio::awaitable<net::Response> {
        auto asking = nodes.ask(call.way_back, kScrapePatience);
        (void)co_await std::move(asking);
        net::Response response{
            200,
            {{"content-type", "text/plain; version=0.0.4; charset=utf-8"}, {"cache-control", "no-store"}},
            metrics_text(metrics),
            false};
        co_return response;
    };
    return {{{"GET", "/metrics"}, AdminRoute::Limit::Counted, AdminRoute::Access::Open, std::move(answer)}};
}

}  // namespace admin
