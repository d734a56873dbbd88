#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/dashboard_history.h"
#include "admin/problems.h"
#include "admin/recent_blocks.h"
#include "base/event_kind.h"
#include "storage/event_reader.h"
#include "upstream/node_report.h"

namespace admin {

/// What the dashboard shows at one moment.
struct DashboardSnapshot {
    using Time = std::chrono::sys_time<std::chrono::milliseconds>;

    Time at;
    Time started_at;
    std::string version;
    std::string network;  ///< empty: no event was stored yet
    std::string feed_id;
    storage::Range range;
    std::vector<std::string> reasons;  ///< why it is not ready; none: it is
    std::vector<upstream::NodeReport> nodes;
    Second second;
    std::array<std::uint64_t, base::kEndpointCount> subscribers{};
    std::uint64_t queue_bytes = 0;
    std::uint64_t queue_limit_bytes = 0;
    std::optional<std::uint64_t> database_bytes;
    std::vector<RecentBlock> blocks;  ///< the newest first, which is the head
    std::string blocks_error;         ///< why they cannot be read; empty: they can
    std::vector<Problem> problems;
};

/// As GET /dashboard/state gives it; docs/dashboard.md has the members.
[[nodiscard]] nlohmann::ordered_json json_of(const DashboardSnapshot& snapshot);

}  // namespace admin
