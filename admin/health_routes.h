#pragma once

#include <functional>
#include <string>
#include <vector>

#include "admin/admin_route.h"
#include "admin/node_reports.h"
#include "admin/readiness.h"

namespace admin {

/// The names of the loops that do not turn. Any thread; takes no lock of theirs.
using StuckLoops = std::function<std::vector<std::string>()>;

/// For orchestrators and load balancers; exempt from the limits, and never hanging:
///
///     GET /health/live     200 {"live":true}; 503 {"live":false,"stuck":["nodes"]}: restart it
///     GET /health/ready    200 {"ready":true,"reasons":[]}; 503 {"ready":false,"reasons":["…"]}: send nobody
///
/// With `?plain`, or where the request accepts text/plain and not application/json, one line of text:
/// "ready", "not ready: …; …", "live", "not live: …". What they refer to must outlive the routes.
[[nodiscard]] std::vector<AdminRoute> health_routes(const Readiness& readiness, NodeReports& nodes,
                                                    StuckLoops stuck_loops);

}  // namespace admin
