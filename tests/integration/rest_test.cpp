#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>

#include "integration/support_check.h"
#include "support/api_walk.h"
#include "support/paths.h"
#include "support/postgresql.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using nlohmann::json;
using support::api_get;
using support::ApiWalk;
using support::Sidecar;
using support::SimulatedNetwork;
using ::testing::IsEmpty;

/// An event that a listing gave, and its payload byte for byte.
struct Listed {
    json event;
    std::string inner;  ///< what its one member holds
};

/// A payload's text, cut out of a listing of this one event alone.
std::string inner_text(std::uint16_t port, const json& event) {
    const auto id = event["id"].get<std::uint64_t>();
    const auto page = api_get(port, fmt::format("/events?from_id={}&order=asc&limit=1", id)).body;
    const std::string mark = "\"data\":";
    const auto begin = page.find(mark, page.find("received_at")) + mark.size();
    const auto data = page.substr(begin, page.rfind("}],\"next\"") - begin);
    const auto colon = data.find(':');
    if (colon == std::string::npos) return data;
    const auto from = data.find_first_not_of(" \t\n", colon + 1);
    const auto to = data.find_last_not_of(" \t\n", data.rfind('}') - 1);
    return data.substr(from, to + 1 - from);
}

std::optional<Listed> one_of(std::uint16_t port, const std::string& kind) {
    const auto page = json::parse(api_get(port, "/events?limit=1&order=asc&kind=" + kind).body);
    if (page["data"].empty()) return std::nullopt;
    return Listed{page["data"][0], inner_text(port, page["data"][0])};
}

/// What a path gives of this event: the texts of its parameters, and the answer, where it is the event alone.
struct Expected {
    std::string path;
    std::vector<std::string> values;
    std::string body;
};

std::vector<Expected> expected_of(const Listed& listed) {
    const std::string kind = listed.event["kind"];
    if (kind == "Shutdown") return {};
    const auto& inner = listed.event["data"][kind];
    const auto text = [&](const char* name) { return inner[name].get<std::string>(); };
    if (kind == "BlockAdded") {
        const auto height = inner["block"]["header"]["height"].dump();
        return {{"/block/{hash_or_height}", {text("block_hash")}, listed.inner},
                {"/block/{hash_or_height}", {height}, {}}};
    }
    if (kind == "DeployAccepted")
        return {{"/deploy/accepted/{hash}", {text("hash")}, listed.inner},
                {"/deploy/{hash}", {text("hash")}, {}}};
    if (kind == "DeployProcessed") return {{"/deploy/processed/{hash}", {text("deploy_hash")}, listed.inner}};
    if (kind == "DeployExpired") return {{"/deploy/expired/{hash}", {text("deploy_hash")}, listed.inner}};
    if (kind == "Fault") {
        return {{"/faults/{public_key_or_era}", {text("public_key")}, {}},
                {"/faults/{public_key_or_era}", {inner["era_id"].dump()}, {}}};
    }
    if (kind == "FinalitySignature") return {{"/signatures/{block_hash}", {text("block_hash")}, {}}};
    return {{"/step/{era}", {inner["era_id"].dump()}, listed.inner}};
}

/// The paths that give this event give it.
void visit_event(ApiWalk& walk, const Listed& listed) {
    for (const auto& expected : expected_of(listed)) {
        const auto answer = walk.visit(expected.path, ApiWalk::filled(expected.path, expected.values), 200);
        if (expected.body.empty()) {
            EXPECT_NE(answer.body.find(listed.inner), std::string::npos) << expected.path;
        } else {
            EXPECT_TRUE(answer.body == expected.body) << expected.path << "\n" << answer.body.substr(0, 300);
        }
    }
}

/// Every status that needs no trouble: answers, conditions, bad requests, nothing found.
void visit_all(ApiWalk& walk, std::uint16_t port) {
    std::map<std::string, std::string> targets;  // by path: one that gives something
    for (const auto& path : walk.paths()) {
        if (ApiWalk::parameter_count(path) == 0) targets[path] = path;
    }
    for (const auto* kind : {"BlockAdded", "DeployAccepted", "DeployProcessed", "DeployExpired", "Fault",
                             "FinalitySignature", "Step"}) {
        const auto listed = one_of(port, kind);
        ASSERT_TRUE(listed) << kind;
        visit_event(walk, *listed);
        for (const auto& expected : expected_of(*listed))
            targets[expected.path] = ApiWalk::filled(expected.path, expected.values);
    }
    for (const auto& path : walk.paths()) {
        const auto answer = walk.visit(path, targets.at(path), 200);
        walk.visit(path, targets.at(path) + "?pretty", 200);
        if (const auto etag = answer.header("etag"); !etag.empty()) {
            walk.visit(path, targets.at(path), 304, fmt::format("if-none-match: {}\r\n", etag));
        }
        walk.visit(path, targets.at(path) + "?x=%zz", 400);
        if (ApiWalk::parameter_count(path) > 0) {
            walk.visit(path, ApiWalk::filled(path, {"nonsense"}), 400);
            walk.visit(path, walk.example(path), 404);
        }
    }
}

/// More requests at once than one a second, of which those that came last are refused.
void visit_over_the_rate(ApiWalk& walk, std::uint16_t port) {
    std::vector<support::RawClient> waiting;
    for (int i = 0; i < 3; ++i) {
        waiting.emplace_back(port);
        waiting.back().send("GET /status HTTP/1.1\r\nhost: x\r\n\r\n");
    }
    for (const auto& path : walk.paths()) {
        support::ApiAnswer answer;
        const auto refused = [&] {
            waiting.emplace_back(port);
            waiting.back().send("GET /status HTTP/1.1\r\nhost: x\r\n\r\n");
            answer = api_get(port, walk.example(path));
            return answer.status == 429;
        };
        ASSERT_TRUE(support::eventually(refused));
        walk.check(path, answer, 429);
    }
}

SimulatedNetwork make_network(const std::filesystem::path& folder) {
    return {folder,
            {"--nodes", "1", "--rate", "1000", "--events", "3000", "--blocks-per-era", "3", "--step-size",
             "50KB", "--buffer", "10000"}};
}

bool has_all(const Sidecar& sidecar) {
    return json::parse(api_get(sidecar.rest_port(), "/status").body)["newest_id"] == 3000;
}

support::ApiAnswer answer_of_an_empty_log(const std::string& target) {
    const support::TemporaryFolder folder;
    Sidecar sidecar(folder.path(), {.nodes = {{support::free_port(), support::free_port()}}});
    sidecar.start();
    return api_get(sidecar.rest_port(), target);
}

TEST(Rest, EveryDeclaredAnswerIsGivenAsItIsDeclared) {
    const support::TemporaryFolder folder;
    support::PostgresqlServer server;
    SimulatedNetwork network = make_network(folder.path());
    Sidecar::Settings settings{.nodes = network.nodes()};
    settings.store_in(server);
    Sidecar sidecar(folder.path(), settings);
    sidecar.start();
    ASSERT_TRUE(support::eventually([&] { return has_all(sidecar); })) << sidecar.log();

    ApiWalk walk(sidecar.rest_port());
    visit_all(walk, sidecar.rest_port());
    walk.check("/block", answer_of_an_empty_log("/block"), 404);
    server.stop_immediately();
    for (const auto& path : walk.paths()) walk.visit(path, walk.example(path), 503);
    server.start();
    EXPECT_EQ(sidecar.stop(), 0);

    auto config = support::read_file(sidecar.config_file());
    const std::string rate = "max_requests_per_second = ";
    config.replace(config.find(rate + "100000"), rate.size() + 6, rate + "1\nrequest_timeout_in_seconds = 1");
    support::write_file(sidecar.config_file(), config);
    sidecar.start();
    visit_over_the_rate(walk, sidecar.rest_port());
    EXPECT_THAT(walk.unseen(), IsEmpty());
    EXPECT_EQ(sidecar.stop(), 0);
}

TEST(Rest, ASqliteLogGivesTheSameAnswers) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network = make_network(folder.path());
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    ASSERT_TRUE(support::eventually([&] { return has_all(sidecar); })) << sidecar.log();
    ApiWalk walk(sidecar.rest_port());
    visit_all(walk, sidecar.rest_port());
    EXPECT_EQ(sidecar.stop(), 0);
}

/// The pages of a listing, to the last.
std::vector<json> all_of(ApiWalk& walk, const std::string& path, const std::string& fields) {
    std::vector<json> all;
    std::string cursor;
    for (;;) {
        const auto page = json::parse(walk.visit(path, path + "?" + fields + cursor, 200).body);
        all.insert(all.end(), page["data"].begin(), page["data"].end());
        if (page["next"].is_null()) return all;
        cursor = "&cursor=" + page["next"].get<std::string>();
    }
}

TEST(Rest, ListingsGiveEverythingOnceInTheirOrder) {
    const support::TemporaryFolder folder;
    SimulatedNetwork network = make_network(folder.path());
    Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
    sidecar.start();
    ASSERT_TRUE(support::eventually([&] { return has_all(sidecar); })) << sidecar.log();
    ApiWalk walk(sidecar.rest_port());

    std::uint64_t id = 0;
    std::set<std::string> hashes;
    std::size_t blocks = 0;
    for (const auto& event : all_of(walk, "/events", "order=asc&limit=700")) {
        EXPECT_EQ(event["id"], ++id);
        if (event["kind"] == "DeployAccepted") hashes.insert(event["data"]["DeployAccepted"]["hash"]);
        if (event["kind"] == "DeployProcessed")
            hashes.insert(event["data"]["DeployProcessed"]["deploy_hash"]);
        if (event["kind"] == "DeployExpired") hashes.insert(event["data"]["DeployExpired"]["deploy_hash"]);
        if (event["kind"] == "BlockAdded") ++blocks;
    }
    EXPECT_EQ(id, 3000U);
    for (const auto& event : all_of(walk, "/events", "limit=999")) EXPECT_EQ(event["id"], id--);

    std::vector<std::uint64_t> heights;
    for (const auto& block : all_of(walk, "/blocks", "limit=7"))
        heights.push_back(block["block"]["header"]["height"]);
    EXPECT_EQ(heights.size(), blocks);
    EXPECT_TRUE(std::ranges::is_sorted(heights, std::greater{}));

    std::set<std::string> listed;
    for (const auto& deploy : all_of(walk, "/deploys", "limit=30")) {
        EXPECT_TRUE(listed.insert(deploy["deploy_hash"]).second) << "twice: " << deploy["deploy_hash"];
    }
    EXPECT_EQ(listed, hashes);
    EXPECT_EQ(sidecar.stop(), 0);
}

TEST(Rest, RealPayloadsAreAsTheSchemasSay) {
    const auto data = support::captured_payloads();
    std::size_t events = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::directory_iterator(data, missing)) {
        if (entry.path().extension() != ".jsonl") continue;
        const support::TemporaryFolder folder;
        SimulatedNetwork network(folder.path(),
                                 {"--nodes", "1", "--replay", entry.path().string(), "--rate", "500"});
        Sidecar sidecar(folder.path(), {.nodes = network.nodes()});
        sidecar.start();
        std::uint64_t settled = 0;
        ASSERT_TRUE(support::eventually([&] {
            const auto state = json::parse(network.control("GET", "/state"));
            const auto newest = json::parse(api_get(sidecar.rest_port(), "/status").body)["newest_id"];
            return state["nodes"][0]["drained"] == true && std::exchange(settled, newest) == newest &&
                   settled > 0;
        })) << sidecar.log();
        ApiWalk walk(sidecar.rest_port());
        for (const auto& event : all_of(walk, "/events", "order=asc&limit=50")) {
            visit_event(walk, {event, inner_text(sidecar.rest_port(), event)});
            ++events;
        }
        EXPECT_EQ(sidecar.stop(), 0);
    }
    RecordProperty("events", static_cast<int>(events));
}

}  // namespace
}  // namespace integration
