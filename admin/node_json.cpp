#include "admin/node_json.h"

#include <array>
#include <cstddef>
#include <fmt/format.h>
#include <optional>

#include "base/rfc3339.h"

namespace admin {

using nlohmann::ordered_json;

namespace {

/// In the order of base::kNodeFilters.
constexpr std::array<const char*, base::kNodeFilterCount> kEndpointNames{"main", "deploys", "sigs"};

std::string address_of(const upstream::NodeReport& report) {
    const bool ipv6 = report.ip_address.find(':') != std::string::npos;
    return ipv6 ? fmt::format("[{}]:{}", report.ip_address, report.sse_port)
                : fmt::format("{}:{}", report.ip_address, report.sse_port);
}

ordered_json endpoints_of(const upstream::NodeReport& report) {
    ordered_json endpoints = ordered_json::object();
    for (std::size_t i = 0; i < kEndpointNames.size(); ++i)
        endpoints[kEndpointNames[i]] = report.connected[i];
    return endpoints;
}

ordered_json conditions_of(const upstream::NodeReport& report) {
    ordered_json conditions = ordered_json::array();
    if (report.partial) conditions.push_back("partial");
    if (report.lagging) conditions.push_back("lagging");
    if (report.stalled) conditions.push_back("stalled");
    return conditions;
}

ordered_json gap_json(const upstream::NodeGap& gap) {
    ordered_json json;
    json["endpoint"] = kEndpointNames[static_cast<std::size_t>(gap.filter)];
    json["first_id"] = gap.first;
    json["last_id"] = gap.last ? ordered_json(*gap.last) : ordered_json(nullptr);
    json["generation"] = gap.generation;
    json["at"] = base::rfc3339(gap.at);
    return json;
}

ordered_json gaps_of(const upstream::NodeReport& report) {
    ordered_json gaps = ordered_json::array();
    for (auto gap = report.gaps.rbegin(); gap != report.gaps.rend() && gaps.size() < kGapsShown; ++gap)
        gaps.push_back(gap_json(*gap));
    return gaps;
}

}  // namespace

ordered_json json_of(const upstream::NodeReport& report) {
    ordered_json json;
    json["name"] = report.name;
    json["address"] = address_of(report);
    json["rest_port"] = report.rest_port;
    json["state"] = upstream::name_of(report.state);
    json["from"] = upstream::name_of(report.from);
    json["cause"] = upstream::name_of(report.cause);
    json["message"] = report.message;
    json["since"] = base::rfc3339(report.since);
    json["attempt"] = report.attempt;
    json["max_attempts"] = report.max_attempts;
    json["next_attempt"] =
        report.next_attempt ? ordered_json(base::rfc3339(*report.next_attempt)) : ordered_json(nullptr);
    json["last_error"] = report.last_error;
    json["height"] = json_or_null(report.height);
    json["blocks_behind"] = report.blocks_behind;
    json["build_version"] = report.build_version;
    json["network_name"] = report.network_name;
    json["endpoints"] = endpoints_of(report);
    json["conditions"] = conditions_of(report);
    json["gap_count"] = report.gaps.size();
    json["gaps"] = gaps_of(report);
    return json;
}

ordered_json json_of(const storage::NodeObservation& observation) {
    ordered_json json;
    json["node"] = observation.node;
    json["at"] = base::rfc3339(
        std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(observation.at)));
    json["from"] = observation.from;
    json["to"] = observation.to;
    json["cause"] = observation.cause;
    json["message"] = observation.message;
    json["attempt"] = observation.attempt;
    json["height"] = json_or_null(observation.height);
    json["build_version"] = observation.build_version;
    json["network_name"] = observation.network_name;
    return json;
}

std::string line_of(const ordered_json& json) {
    return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string quote(std::string_view text) {
    constexpr std::size_t kMaxShown = 80;
    if (text.size() > kMaxShown) return line_of(ordered_json(text.substr(0, kMaxShown))) + "…";
    return line_of(ordered_json(text));
}

}  // namespace admin
