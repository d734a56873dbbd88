#pragma once

#include <span>
#include <vector>

#include "admin/admin_route.h"
#include "admin/dashboard.h"
#include "net/embedded_files.h"

namespace admin {

/// The page at `/`, its files, its stream and its state; none of them counts against the limits. `dashboard`
/// must outlive them.
[[nodiscard]] std::vector<AdminRoute> dashboard_routes(Dashboard& dashboard);

/// The files of the page, embedded.
[[nodiscard]] std::span<const net::EmbeddedFile> dashboard_files();

}  // namespace admin
