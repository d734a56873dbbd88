#pragma once

#include <vector>

#include "admin/admin_route.h"
#include "admin/dashboard.h"
#include "admin/health_routes.h"
#include "admin/node_commands.h"
#include "admin/node_reports.h"
#include "admin/readiness.h"
#include "admin/stream_control.h"
#include "base/log.h"
#include "base/metrics.h"

namespace server {

/// What the admin server's routes are made of; all outlive it.
struct AdminSources {
    base::Metrics& metrics;
    admin::NodeReports& node_reports;
    const admin::Readiness& readiness;
    admin::StuckLoops stuck_loops;
    admin::Dashboard& dashboard;
    admin::NodeCommands& nodes;
    admin::StreamControl& streams;
    base::Log lines;
};

/// The whole table of the admin server.
[[nodiscard]] std::vector<admin::AdminRoute> admin_routes(const AdminSources& sources);

}  // namespace server
