#include "admin/admin_route.h"

#include <fmt/format.h>
#include <stdexcept>

namespace admin {

void require_token_for_changes(const std::vector<AdminRoute>& routes) {
    for (const auto& route : routes) {
        if (route.methods == "GET" || route.access == AdminRoute::Access::Token) continue;
        throw std::logic_error(
            fmt::format("route {} {}: whatever is not GET asks for the token", route.methods, route.pattern));
    }
}

}  // namespace admin
