// The running sidecar, steered by HTTP: nodes, subscribers, the log's level, and a drain.

#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "integration/nodes_command.h"
#include "support/http_call.h"
#include "support/paths.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::Got;
using support::Sidecar;
using support::SimulatedNetwork;
using support::TemporaryFolder;
using testing::HasSubstr;

constexpr std::string_view kToken = "Authorization: Bearer a-long-random-string\r\n";

class ControlTest : public testing::Test {
  protected:
    void start(const std::vector<SimulatedNetwork::Ports>& nodes) {
        Sidecar::Settings settings;
        settings.nodes = nodes;
        settings.top_keys = fmt::format(
            "[admin_server]\nport = {}\nbind_address = \"127.0.0.1\"\nmax_concurrent_requests = 10\n"
            "max_requests_per_second = 1000\n",
            port_);
        settings.environment = {{"SIDECAR_ADMIN_TOKEN", "a-long-random-string"}, {"LOG_LEVEL", "info"}};
        sidecar_.emplace(folder_.path(), settings);
        sidecar_->start();
    }
    Got get(std::string_view target) const { return support::call(port_, "GET", target); }
    Got change(std::string_view method, std::string_view target, std::string_view body = {},
               std::string_view headers = {}) const {
        return support::call(port_, method, target, std::string(kToken) + std::string(headers), body);
    }
    bool has_state(const std::string& node, const std::string& state) {
        return support::eventually([&] {
            const auto report = get("/nodes/" + node).json();
            return report.is_object() && report.value("state", "") == state;
        });
    }
    support::RawClient subscribe(const std::string& target) {
        support::RawClient client(sidecar_->port());
        client.send("GET " + target + " HTTP/1.1\r\nhost: x\r\n\r\n");
        EXPECT_TRUE(client.read_until_contains("\r\n\r\n"));
        return client;
    }
    /// Reads to the end; whether the body has one.
    static bool ends_properly(support::RawClient& client) {
        return client.read_to_end() && client.received().ends_with("\r\n0\r\n\r\n");
    }
    std::string status() {
        const auto output = folder_.path() / "status.log";
        std::filesystem::remove(output);
        const auto code =
            support::run_sidecar({"--path-to-config", sidecar_->config_file().string(), "status"}, output);
        return fmt::format("{} {}", code, support::read_file(output));
    }

    TemporaryFolder folder_;
    const std::uint16_t port_ = support::free_port();
    std::optional<Sidecar> sidecar_;
};

TEST_F(ControlTest, NodesAreSeenAndSteered) {
    SimulatedNetwork network(folder_.path(), {"--rate", "200", "--nodes", "2"});
    const auto one = name_of(network.nodes()[0]);
    const auto two = network.nodes()[1];
    start({network.nodes()[0]});
    ASSERT_TRUE(has_state(one, "running")) << sidecar_->log();

    EXPECT_EQ(support::call(port_, "POST", "/nodes/" + one + "/suspend").status, 401U);
    EXPECT_EQ(change("POST", "/nodes/" + one + "/suspend").status, 200U);
    EXPECT_TRUE(has_state(one, "suspended"));
    EXPECT_EQ(change("POST", "/nodes/" + one + "/resume").status, 200U);
    EXPECT_TRUE(has_state(one, "running"));

    const auto body =
        fmt::format(R"({{"ip_address":"127.0.0.1","sse_port":{},"rest_port":{}}})", two.sse, two.rest);
    const auto added = change("PUT", "/nodes/the%20second", body, "Content-Type: application/json\r\n");
    EXPECT_EQ(added.status, 201U) << added.body;
    EXPECT_TRUE(has_state("the%20second", "running"));
    const auto again = change("PUT", "/nodes/third", body);
    EXPECT_EQ(again.status, 409U);
    EXPECT_THAT(again.message(), HasSubstr("is read already, as node the second"));
    EXPECT_EQ(change("PUT", "/nodes/third", R"({"sse_port":0})").status, 422U);

    EXPECT_EQ(change("DELETE", "/nodes/" + one).status, 204U);
    EXPECT_TRUE(support::eventually([&] { return get("/nodes/" + one).status == 404; }));
    nlohmann::json history;
    EXPECT_TRUE(support::eventually([&] {
        history = get("/nodes/" + one + "/history?limit=200").json()["history"];
        return !history.empty() && history[0]["to"] == "deleted";
    })) << history.dump();
    EXPECT_GE(history.size(), 5U);

    sidecar_->kill();
    sidecar_->start();
    EXPECT_TRUE(has_state("the%20second", "running")) << "what was asked for outlives a restart";
    EXPECT_EQ(get("/nodes").json()["nodes"].size(), 1U);
    const auto toml = fmt::format("ip_address = \"127.0.0.1\"\nsse_port = {}\nrest_port = {}\n",
                                  network.nodes()[0].sse, network.nodes()[0].rest);
    EXPECT_EQ(change("PUT", "/nodes/" + one, toml, "Content-Type: application/toml\r\n").status, 201U)
        << "one that was removed comes back";
    EXPECT_TRUE(has_state(one, "running"));
    EXPECT_EQ(sidecar_->stop(), 0);
}

TEST_F(ControlTest, ASubscriberIsSeenAndDisconnected) {
    SimulatedNetwork network(folder_.path(), {"--rate", "200", "--nodes", "1"});
    start(network.nodes());
    auto first = subscribe("/events/main");
    auto second = subscribe("/events");
    const auto list = get("/subscribers").json()["subscribers"];
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0]["endpoint"], "/events/main");
    EXPECT_THAT(list[0]["address"].get<std::string>(), testing::StartsWith("127.0.0.1:"));
    EXPECT_EQ(list[0]["tls"], false);
    const auto path = fmt::format("/subscribers/{}", list[0]["id"].get<std::uint64_t>());
    EXPECT_EQ(support::call(port_, "DELETE", path).status, 401U);
    EXPECT_EQ(change("DELETE", path).status, 204U);
    EXPECT_TRUE(ends_properly(first));
    EXPECT_EQ(change("DELETE", path).status, 404U);
    EXPECT_EQ(get("/subscribers").json()["subscribers"].size(), 1U);
    second.forget_received();
    EXPECT_TRUE(second.read_until_contains("\nid:")) << "the other one goes on";
    EXPECT_THAT(get("/metrics").body,
                HasSubstr("sidecar_disconnects_total{reason=\"closed_by_operator\"} 1\n"));
    EXPECT_THAT(sidecar_->log(), HasSubstr("was disconnected by 127.0.0.1"));
}

TEST_F(ControlTest, TheLogLevelTakesEffectAtOnce) {
    SimulatedNetwork network(folder_.path(), {"--rate", "10", "--nodes", "1"});
    start(network.nodes());
    EXPECT_EQ(get("/log-level").json()["level"], "info");
    EXPECT_EQ(change("PUT", "/log-level", "off").status, 200U);
    const auto before = sidecar_->log();
    EXPECT_EQ(change("POST", "/drain", R"({"seconds":0})").status, 202U);
    EXPECT_EQ(change("DELETE", "/drain").status, 200U);
    EXPECT_EQ(sidecar_->log(), before) << "nothing is logged any more";
    EXPECT_EQ(change("PUT", "/log-level", R"({"level":"info"})").status, 200U);
    EXPECT_TRUE(support::eventually([&] { return sidecar_->log().size() > before.size(); }));
}

TEST_F(ControlTest, ADrainSendsSubscribersAwayOneByOneAndTheSidecarGoesOn) {
    constexpr std::size_t kSubscribers = 20;
    constexpr double kSeconds = 4;
    SimulatedNetwork network(folder_.path(), {"--rate", "200", "--nodes", "1"});
    start(network.nodes());
    ASSERT_TRUE(support::eventually([&] { return status().starts_with("0 ready"); })) << status();
    std::vector<support::RawClient> clients;
    for (std::size_t i = 0; i < kSubscribers; ++i) clients.push_back(subscribe("/events"));
    for (auto& client : clients) ASSERT_TRUE(client.read_until_contains("\nid:"));

    const auto begin = std::chrono::steady_clock::now();
    const auto drain = change("POST", "/drain", R"({"seconds":4})");
    EXPECT_EQ(drain.status, 202U);
    EXPECT_EQ(drain.json()["subscribers"], kSubscribers);
    EXPECT_THAT(status(), testing::AllOf(testing::StartsWith("1 not ready"), HasSubstr("draining since")));
    const auto refused = support::fetch(sidecar_->connect(), "GET /events/main HTTP/1.1\r\n");
    EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
    EXPECT_THAT(refused, HasSubstr("retry-after: 30"));

    std::size_t left = kSubscribers;
    std::size_t steps = 0;
    EXPECT_TRUE(support::eventually([&] {
        for (auto& client : clients) client.read_until([](const std::string&) { return false; }, 1ms);
        const std::size_t now_left = get("/drain").json()["subscribers"];
        const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
        EXPECT_LE(static_cast<double>(kSubscribers - now_left), kSubscribers * time.count() / kSeconds + 1);
        steps += now_left < left ? 1 : 0;
        left = now_left;
        return left == 0;
    }));
    EXPECT_GE(steps, 3U) << "they do not all go at once";
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 3s);
    for (auto& client : clients) EXPECT_TRUE(ends_properly(client));

    const auto newest = [&] {
        const auto head = support::fetch(sidecar_->rest_port(), "GET /block HTTP/1.1\r\n");
        return support::body_of(head);
    };
    const auto block = newest();
    EXPECT_TRUE(support::eventually([&] { return newest() != block; })) << "nodes are read all the time";
    EXPECT_EQ(change("DELETE", "/drain").json()["draining"], false);
    EXPECT_THAT(status(), testing::StartsWith("0 ready"));
    auto again = subscribe("/events");
    EXPECT_TRUE(again.read_until_contains("\nid:"));
    EXPECT_EQ(sidecar_->stop(), 0);
}

}  // namespace
}  // namespace integration
