#pragma once

#include <string>
#include <vector>

#include "admin/admin_route.h"
#include "admin/node_reports.h"
#include "base/metrics.h"

namespace admin {

/// Every metric in Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).
[[nodiscard]] std::string metrics_text(const base::Metrics& metrics);

/// GET /metrics. First the nodes are asked, for a second at most, so that what is sampled of them is of this
/// moment; when they do not answer, it is what NodeReports::last() gives. Both must outlive the routes.
[[nodiscard]] std::vector<AdminRoute> metrics_routes(const base::Metrics& metrics, NodeReports& nodes);

}  // namespace admin
