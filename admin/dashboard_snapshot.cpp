#include "admin/dashboard_snapshot.h"

#include <cmath>

#include "admin/node_json.h"
#include "base/rfc3339.h"

namespace admin {

using nlohmann::ordered_json;

namespace {

double seconds_between(DashboardSnapshot::Time begin, DashboardSnapshot::Time end) {
    return std::chrono::duration<double>(end - begin).count();
}

ordered_json text_or_null(const std::string& text) {
    return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

ordered_json head_of(const DashboardSnapshot& snapshot) {
    if (snapshot.blocks.empty()) return nullptr;
    const auto& block = snapshot.blocks.front();
    ordered_json head;
    head["height"] = block.height;
    head["received_at"] = base::rfc3339(block.received_at);
    head["age_in_seconds"] = seconds_between(block.received_at, snapshot.at);
    return head;
}

ordered_json shown(const Second& second) {
    ordered_json json = ordered_json::object();
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        const double rate = second.events[static_cast<std::size_t>(row.kind)];
        json[std::string(row.name)] = std::round(rate * 100) / 100;
    }
    return json;
}

ordered_json shown(const Latency& latency) {
    ordered_json json;
    json["p50"] = json_or_null(latency.p50);
    json["p99"] = json_or_null(latency.p99);
    return json;
}

ordered_json subscribers_of(const DashboardSnapshot& snapshot) {
    ordered_json json = ordered_json::object();
    for (const auto endpoint : base::kEndpoints) {
        json[std::string(base::endpoint_path(endpoint))] =
            snapshot.subscribers[static_cast<std::size_t>(endpoint)];
    }
    return json;
}

ordered_json shown(const RecentBlock& block) {
    ordered_json json;
    json["height"] = block.height;
    json["hash"] = block.hash;
    json["era"] = json_or_null(block.era);
    json["time"] = text_or_null(block.time);
    json["received_at"] = base::rfc3339(block.received_at);
    json["proposer"] = text_or_null(block.proposer);
    json["transactions"] = json_or_null(block.transactions);
    json["signatures"] = block.signatures;
    return json;
}

ordered_json shown(const Problem& problem) {
    ordered_json json;
    json["severity"] = name_of(problem.severity);
    json["source"] = name_of(problem.source);
    json["ongoing"] = problem.ongoing;
    json["message"] = problem.message;
    json["remedy"] = text_or_null(problem.remedy);
    const bool since_is_known = problem.since != Problem::Time{};
    json["since"] = since_is_known ? ordered_json(base::rfc3339(problem.since)) : ordered_json(nullptr);
    json["last"] = base::rfc3339(problem.last);
    json["times"] = problem.times;
    return json;
}

ordered_json shown(const upstream::NodeReport& report) {
    return json_of(report);
}

template <class Values>
ordered_json list_of(const Values& values) {
    ordered_json list = ordered_json::array();
    for (const auto& value : values) list.push_back(shown(value));
    return list;
}

}  // namespace

ordered_json json_of(const DashboardSnapshot& snapshot) {
    ordered_json json;
    json["time"] = base::rfc3339(snapshot.at);
    json["version"] = snapshot.version;
    json["started_at"] = base::rfc3339(snapshot.started_at);
    json["uptime_in_seconds"] = std::floor(seconds_between(snapshot.started_at, snapshot.at));
    json["network"] = text_or_null(snapshot.network);
    json["feed_id"] = snapshot.feed_id;
    json["oldest_id"] = snapshot.range.oldest;
    json["newest_id"] = snapshot.range.newest();
    json["ready"] = snapshot.reasons.empty();
    json["reasons"] = snapshot.reasons;
    json["head"] = head_of(snapshot);
    json["nodes"] = list_of(snapshot.nodes);
    json["second"] = snapshot.second.at.time_since_epoch().count();
    json["events_per_second"] = shown(snapshot.second);
    json["latency_in_seconds"]["ingest"] = shown(snapshot.second.ingest);
    json["latency_in_seconds"]["delivery"] = shown(snapshot.second.delivery);
    json["subscribers"] = subscribers_of(snapshot);
    json["storage"]["database_bytes"] = json_or_null(snapshot.database_bytes);
    json["storage"]["queue_bytes"] = snapshot.queue_bytes;
    json["storage"]["queue_limit_bytes"] = snapshot.queue_limit_bytes;
    json["blocks"] = list_of(snapshot.blocks);
    json["blocks_error"] = text_or_null(snapshot.blocks_error);
    json["problems"] = list_of(snapshot.problems);
    return json;
}

}  // namespace admin
