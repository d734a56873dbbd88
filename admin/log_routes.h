#pragma once

#include <vector>

#include "admin/admin_route.h"
#include "base/log.h"

namespace admin {

/// The level of the program's log: seen, and changed until its end.
[[nodiscard]] std::vector<AdminRoute> log_routes(base::Log lines);

}  // namespace admin
