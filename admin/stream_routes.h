#pragma once

#include <vector>

#include "admin/admin_route.h"
#include "admin/stream_control.h"
#include "base/log.h"

namespace admin {

/// The subscribers: seen, disconnected one by one, or all of them sent away (drain). `streams` must outlive
/// the routes.
[[nodiscard]] std::vector<AdminRoute> stream_routes(StreamControl& streams, base::Log lines);

}  // namespace admin
