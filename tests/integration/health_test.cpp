// /health/ready and /health/live of a sidecar whose surroundings fail and come back.

#include <chrono>
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <sys/resource.h>
#include <vector>

#include "integration/metrics_text.h"
#include "support/paths.h"
#include "support/postgresql.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::PostgresqlServer;
using support::Sidecar;
using support::SimulatedNetwork;
using ::testing::AllOf;
using ::testing::HasSubstr;

using Clock = std::chrono::steady_clock;

class Health : public testing::Test {
  protected:
    void start(Sidecar::Settings settings = {},
               std::vector<std::string> chain = {"--nodes", "2", "--rate", "200"}) {
        network_.emplace(folder_.path(), std::move(chain));
        settings.nodes = network_->nodes();
        settings.admin_keys =
            fmt::format("max_requests_per_second = 1\nready_max_block_age_in_seconds = {}", max_age_.count());
        settings.top_keys = "exit_when_nodes_unavailable = false";
        sidecar_.emplace(folder_.path(), settings);
        sidecar_->start();
        ASSERT_TRUE(becomes_ready()) << ready() << sidecar_->log();
    }

    [[nodiscard]] std::string ask(const std::string& request) const {
        return support::fetch(sidecar_->admin_port(), request + "\r\n");
    }
    [[nodiscard]] std::string ready(const std::string& query = {}) const {
        return ask(fmt::format("GET /health/ready{} HTTP/1.1", query));
    }
    [[nodiscard]] static bool is_ready(const std::string& answer) {
        return answer.starts_with("HTTP/1.1 200 ") &&
               support::body_of(answer) == R"({"ready":true,"reasons":[]})";
    }
    [[nodiscard]] bool becomes_ready() const {
        return support::eventually([&] { return is_ready(ready()); }, 60s);
    }

    /// The one reason against it, once there is one.
    [[nodiscard]] std::string reason_to_come(std::chrono::seconds within = 60s) const {
        std::string answer;
        const bool came = support::eventually(
            [&] {
                answer = ready();
                return answer.starts_with("HTTP/1.1 503 ");
            },
            within);
        if (!came) return "ready all the time";
        const auto body = json::parse(support::body_of(answer));
        EXPECT_EQ(body["ready"], false);
        EXPECT_EQ(body["reasons"].size(), 1U) << body;
        return body["reasons"][0];
    }

    /// No file of the process may grow any more: to SQLite the same as a full disk.
    void limit_file_size(rlim_t bytes) {
        const rlimit limit{bytes, RLIM_INFINITY};
        ASSERT_EQ(::prlimit(sidecar_->process().pid(), RLIMIT_FSIZE, &limit, nullptr), 0);
    }

    /// What `event-sidecar status` prints.
    [[nodiscard]] std::string status() const {
        const auto output = folder_.path() / "status.log";
        std::filesystem::remove(output);
        (void)support::run_sidecar({"--path-to-config", sidecar_->config_file().string(), "status"}, output);
        return support::read_file(output);
    }

    const support::TemporaryFolder folder_;
    std::chrono::seconds max_age_{0};
    std::optional<PostgresqlServer> server_;
    std::optional<SimulatedNetwork> network_;
    std::optional<Sidecar> sidecar_;
};

TEST_F(Health, TurnsWhenTheChainStallsWithinTheLimitAndBack) {
    max_age_ = 4s;
    start();
    ASSERT_TRUE(support::eventually([&] {
        return value_of(support::body_of(ask("GET /metrics HTTP/1.1")), "sidecar_head_height") >= 0;
    })) << "a block is stored";
    network_->control("POST", "/stop");
    const auto stalled = Clock::now();
    EXPECT_THAT(reason_to_come(), AllOf(HasSubstr("the newest block, "), HasSubstr(" s ago; "),
                                        HasSubstr("ready_max_block_age_in_seconds is 4")));
    EXPECT_LT(Clock::now() - stalled, max_age_ + 10s);
    EXPECT_THAT(status(), HasSubstr("the newest block, "));
    EXPECT_GT(value_of(support::body_of(ask("GET /metrics HTTP/1.1")), "sidecar_head_age_seconds"), 4);

    // Nor does a restart make an old block a new one.
    EXPECT_EQ(sidecar_->stop(), 0);
    sidecar_->start();
    EXPECT_THAT(support::body_of(ready()), HasSubstr("the newest block, "));

    network_->control("POST", "/start");
    EXPECT_TRUE(becomes_ready()) << ready();
    EXPECT_EQ(status(), "ready\n");
}

TEST_F(Health, TurnsWhenNoBlockEverComes) {
    max_age_ = 8s;
    network_.emplace(folder_.path(), std::vector<std::string>{"--nodes", "1", "--rate", "100", "--kind",
                                                              "FinalitySignature"});
    Sidecar::Settings settings;
    settings.nodes = network_->nodes();
    settings.admin_keys = "ready_max_block_age_in_seconds = 8";
    sidecar_.emplace(folder_.path(), settings);
    sidecar_->start();
    ASSERT_TRUE(becomes_ready()) << "it is too early to tell: " << ready();
    EXPECT_THAT(reason_to_come(), HasSubstr("no block came since the start, "));
}

TEST_F(Health, TurnsWhenPostgresqlStopsAndBack) {
    server_.emplace();
    Sidecar::Settings settings;
    settings.store_in(*server_);
    start(settings);
    // Past the first batches, which are ApiVersions.
    ASSERT_TRUE(support::eventually([&] {
        return value_of(support::body_of(ask("GET /metrics HTTP/1.1")), "sidecar_newest_event_id") > 100;
    }));
    server_->stop_immediately();
    EXPECT_THAT(reason_to_come(), HasSubstr("events cannot be stored: "));
    EXPECT_EQ(value_of(support::body_of(ask("GET /metrics HTTP/1.1")), "sidecar_storage_available"), 0);
    server_->start();
    EXPECT_TRUE(becomes_ready()) << ready();
    const auto page = support::body_of(ask("GET /metrics HTTP/1.1"));
    EXPECT_EQ(value_of(page, "sidecar_storage_available"), 1);
    double failed = 0;
    for (const std::string kind : {"BlockAdded", "DeployAccepted", "DeployProcessed", "FinalitySignature"}) {
        failed += value_of(
            page, fmt::format("error_counts{{category=\"main\",description=\"db_save_error_{}\"}}", kind));
    }
    EXPECT_GT(failed, 0) << "an event whose storing failed is counted";
    EXPECT_GT(value_of(page, "sidecar_database_bytes"), 1'000'000);
}

TEST_F(Health, TurnsWhenTheDiskIsFullAndBack) {
    start();
    limit_file_size(64 * 1024);
    EXPECT_THAT(reason_to_come(), HasSubstr("events cannot be stored: "));
    limit_file_size(RLIM_INFINITY);
    EXPECT_TRUE(becomes_ready()) << ready();
}

TEST_F(Health, TurnsWhenTheLastNodeGoesAndBack) {
    start();
    network_->fault("node=1 stop");
    ASSERT_TRUE(support::eventually([&] {
        const auto page = support::body_of(ask("GET /metrics HTTP/1.1"));
        const auto series = fmt::format("sidecar_node_state{{node=\"127.0.0.1:{}\",state=\"running\"}}",
                                        network_->nodes()[0].sse);
        return value_of(page, series) == 0;
    }));
    EXPECT_TRUE(is_ready(ready())) << "one node is enough";
    network_->fault("node=2 stop");
    EXPECT_THAT(reason_to_come(),
                AllOf(HasSubstr("no node is read: "),
                      HasSubstr(fmt::format("127.0.0.1:{} is repairing", network_->nodes()[1].sse))));
    network_->fault("node=2 resume");
    EXPECT_TRUE(becomes_ready()) << ready();
}

TEST_F(Health, CanBeReadByLoadBalancers) {
    start();
    EXPECT_EQ(support::body_of(ready("?plain")), "ready\n");
    EXPECT_EQ(support::body_of(ask("GET /health/live?plain HTTP/1.1")), "live\n");
    EXPECT_EQ(support::body_of(ask("GET /health/live HTTP/1.1")), R"({"live":true})");
    const auto accepting = [&](const std::string& types) {
        return support::body_of(ask(fmt::format("GET /health/ready HTTP/1.1\r\naccept: {}", types)));
    };
    EXPECT_EQ(accepting("text/plain"), "ready\n");
    EXPECT_EQ(accepting("*/*"), R"({"ready":true,"reasons":[]})");
    EXPECT_EQ(accepting("application/json, text/plain"), R"({"ready":true,"reasons":[]})");
    for (const std::string path : {"/health/live", "/health/ready"}) {
        const auto head = ask(fmt::format("HEAD {} HTTP/1.1", path));
        EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
        EXPECT_EQ(support::body_of(head), "");
        EXPECT_THAT(head, HasSubstr("cache-control: no-store\r\n"));
    }
    network_->fault("node=all stop");
    EXPECT_THAT(reason_to_come(), HasSubstr("no node is read"));
    EXPECT_THAT(support::body_of(ready("?plain")),
                testing::MatchesRegex("not ready: no node is read: [^\n]*\n"));
    EXPECT_TRUE(ask("HEAD /health/ready HTTP/1.1").starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(support::body_of(ask("GET /health/live HTTP/1.1")), R"({"live":true})")
        << "it is alive, though";
}

TEST_F(Health, IsFreeOfTheLimits) {
    start();
    const auto begin = Clock::now();
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(is_ready(ready()));
    EXPECT_LT(Clock::now() - begin, 30s) << "max_requests_per_second is 1";
}

}  // namespace
}  // namespace integration
