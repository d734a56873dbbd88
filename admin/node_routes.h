#pragma once

#include <vector>

#include "admin/admin_route.h"
#include "admin/node_commands.h"

namespace admin {

/// The nodes: seen, suspended, resumed, added and removed. `nodes` must outlive the routes.
[[nodiscard]] std::vector<AdminRoute> node_routes(NodeCommands& nodes);

/// A node of this name from a configuration: `toml` may leave the name out, and may not have another. An
/// error holds every problem, one a line.
[[nodiscard]] base::Result<upstream::NodeSpec> named_node(const NodeCommands& nodes, const std::string& name,
                                                          const std::string& toml);

}  // namespace admin
