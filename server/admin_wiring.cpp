#include "server/admin_wiring.h"

#include <algorithm>
#include <iterator>

#include "admin/dashboard_routes.h"
#include "admin/log_routes.h"
#include "admin/metrics_routes.h"
#include "admin/node_routes.h"
#include "admin/stream_routes.h"

namespace server {

std::vector<admin::AdminRoute> admin_routes(const AdminSources& sources) {
    std::vector<admin::AdminRoute> all;
    const auto add = [&all](std::vector<admin::AdminRoute> rows) {
        std::ranges::move(rows, std::back_inserter(all));
    };
    add(admin::metrics_routes(sources.metrics, sources.node_reports));
    add(admin::health_routes(sources.readiness, sources.node_reports, sources.stuck_loops));
    add(admin::dashboard_routes(sources.dashboard));
    add(admin::node_routes(sources.nodes));
    add(admin::stream_routes(sources.streams, sources.lines));
    add(admin::log_routes(sources.lines));
    return all;
}

}  // namespace server
