#include "admin/dashboard_history.h"

#include <cmath>
#include <string>

#include "admin/node_json.h"

namespace admin {

using nlohmann::ordered_json;

namespace {

double with_two_decimals(double value) {
    return std::round(value * 100) / 100;
}

}  // namespace

void DashboardHistory::add(const Second& second) {
    seconds_.push_back(second);
    if (seconds_.size() > kSeconds) seconds_.pop_front();
}

ordered_json DashboardHistory::json() const {
    ordered_json json;
    const auto list = [this](auto value_of) {
        ordered_json values = ordered_json::array();
        for (const auto& second : seconds_) values.push_back(value_of(second));
        return values;
    };
    json["time"] = list([](const Second& second) { return second.at.time_since_epoch().count(); });
    auto& events = json["events"] = ordered_json::object();
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        const auto index = static_cast<std::size_t>(row.kind);
        events[std::string(row.name)] =
            list([index](const Second& second) { return with_two_decimals(second.events[index]); });
    }
    auto& latency = json["latency"];
    latency["ingest_p50"] = list([](const Second& second) { return json_or_null(second.ingest.p50); });
    latency["ingest_p99"] = list([](const Second& second) { return json_or_null(second.ingest.p99); });
    latency["delivery_p50"] = list([](const Second& second) { return json_or_null(second.delivery.p50); });
    latency["delivery_p99"] = list([](const Second& second) { return json_or_null(second.delivery.p99); });
    json["subscribers"] = list([](const Second& second) { return second.subscribers; });
    return json;
}

}  // namespace admin
