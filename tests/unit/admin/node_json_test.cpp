#include "admin/node_json.h"

#include <gtest/gtest.h>

namespace admin {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;
using std::chrono::year;

constexpr auto kNoon = sys_days(year(2026) / 1 / 31) + 12h;

upstream::NodeReport full_report() {
    upstream::NodeReport report;
    report.name = "a";
    report.ip_address = "10.0.0.1";
    report.sse_port = 9999;
    report.rest_port = 8888;
    report.state = upstream::NodeState::Repairing;
    report.from = upstream::NodeState::Running;
    report.cause = upstream::NodeCause::Unreachable;
    report.message = "connection refused";
    report.since = kNoon + 7ms;
    report.attempt = 2;
    report.max_attempts = 10;
    report.next_attempt = kNoon + 5s;
    report.last_error = "connection refused";
    report.height = 1234;
    report.blocks_behind = 3;
    report.build_version = "1.5.8";
    report.network_name = "casper";
    report.connected = {true, false, true};
    report.partial = true;
    report.stalled = true;
    for (std::uint32_t i = 0; i < 12; ++i) {
        report.gaps.push_back({.node = "a",
                               .filter = base::Filter::Sigs,
                               .generation = 1,
                               .first = 100 * i,
                               .last = 100 * i + 5,
                               .at = kNoon});
    }
    report.gaps.back().last.reset();
    return report;
}

TEST(NodeJson, AReportHasEveryMemberInTheOrderOfReading) {
    auto json = json_of(full_report());
    json.erase("gaps");
    EXPECT_EQ(
        line_of(json),
        R"({"name":"a","address":"10.0.0.1:9999","rest_port":8888,"state":"repairing","from":"running",)"
        R"("cause":"unreachable","message":"connection refused","since":"2026-01-31T12:00:00.007Z",)"
        R"("attempt":2,"max_attempts":10,"next_attempt":"2026-01-31T12:00:05.000Z",)"
        R"("last_error":"connection refused","height":1234,"blocks_behind":3,"build_version":"1.5.8",)"
        R"("network_name":"casper","endpoints":{"main":true,"deploys":false,"sigs":true},)"
        R"("conditions":["partial","stalled"],"gap_count":12})");
}

TEST(NodeJson, OfTheGapsTheNewestAreShown) {
    const auto gaps = json_of(full_report())["gaps"];
    ASSERT_EQ(gaps.size(), kGapsShown);
    EXPECT_EQ(
        line_of(gaps[0]),
        R"({"endpoint":"sigs","first_id":1100,"last_id":null,"generation":1,"at":"2026-01-31T12:00:00.000Z"})");
    EXPECT_EQ(gaps[1]["last_id"], 1005);
}

TEST(NodeJson, WhatIsNotKnownIsNullOrEmpty) {
    upstream::NodeReport report;
    report.ip_address = "::1";
    report.sse_port = 1;
    const auto json = json_of(report);
    EXPECT_TRUE(json["next_attempt"].is_null());
    EXPECT_TRUE(json["height"].is_null());
    EXPECT_EQ(json["build_version"], "");
    EXPECT_EQ(json["conditions"], nlohmann::ordered_json::array());
    EXPECT_EQ(json["address"], "[::1]:1");
    EXPECT_EQ(json["since"], "1970-01-01T00:00:00.000Z");
}

TEST(NodeJson, AnObservationHasTheWordsOfTheStore) {
    storage::NodeObservation observation;
    observation.node = "a";
    observation.at = std::chrono::floor<std::chrono::milliseconds>(kNoon + 1ms).time_since_epoch().count();
    observation.from = "connecting";
    observation.to = "running";
    observation.cause = "connected";
    observation.height = 7;
    EXPECT_EQ(
        line_of(json_of(observation)),
        R"({"node":"a","at":"2026-01-31T12:00:00.001Z","from":"connecting","to":"running",)"
        R"("cause":"connected","message":"","attempt":0,"height":7,"build_version":"","network_name":""})");
}

TEST(NodeJson, BytesThatAreNotUtf8AreReplaced) {
    auto report = full_report();
    report.last_error = "bad \xff byte";
    const auto line = line_of(json_of(report));
    EXPECT_NE(line.find("bad \xef\xbf\xbd byte"), std::string::npos) << line;
}

}  // namespace
}  // namespace admin
