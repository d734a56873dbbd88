// What becomes of the nodes' events while PostgreSQL is away.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "integration/followers.h"
#include "integration/support_check.h"
#include "support/paths.h"
#include "support/postgresql.h"
#include "support/programs.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using support::PostgresqlServer;
using support::Sidecar;
using support::SimulatedNetwork;

/// Ids of the node's events, by endpoint.
using Ids = std::map<std::string, std::set<std::uint64_t>>;

std::string endpoint_of(const std::string& payload) {
    if (payload.starts_with("{\"FinalitySignature\"")) return "sigs";
    return payload.starts_with("{\"DeployAccepted\"") ? "deploys" : "main";
}

/// A sidecar on PostgreSQL and its one node, whose ids are the lines of the record.
class Outage : public testing::Test {
  protected:
    void start(const std::string& buffer) {
        // Large events: the sidecar's own queue shall not last long.
        network_.emplace(folder_.path(), std::vector<std::string>{
                                             "--nodes", "1", "--rate", "1500", "--buffer", buffer,
                                             "--max-skew", "0", "--wasm-every", "1", "--step-size", "50KB",
                                             "--wait-for-subscribers", "1", "--record", record_.string()});
        Sidecar::Settings settings;
        settings.nodes = network_->nodes();
        settings.store_in(server_);
        sidecar_.emplace(folder_.path(), settings);
        sidecar_->start();
        followers_.emplace(sidecar_->port());
    }

    [[nodiscard]] std::size_t produced() const {
        return nlohmann::json::parse(network_->control("GET", "/chain"))["events"];
    }
    [[nodiscard]] bool produces(std::size_t goal) const {
        return support::eventually([&] { return produced() >= goal; }, 60s);
    }

    /// The exit code of `event-sidecar …`, and what it printed.
    std::pair<int, std::string> ask(std::vector<std::string> words) {
        words.insert(words.begin(),
                     {support::sidecar_program(), "--path-to-config", sidecar_->config_file().string()});
        const auto output = folder_.path() / "command.log";
        std::filesystem::remove(output);
        support::Process command(words, output);
        const auto code = command.wait().value_or(-1);
        return {code, command.output()};
    }

    void break_down(std::size_t for_events) {
        ASSERT_TRUE(support::eventually([&] { return followers_->count() > 1000; }, 60s)) << sidecar_->log();
        EXPECT_EQ(ask({"status"}), (std::pair<int, std::string>{0, "ready\n"}));
        server_.stop_immediately();
        const auto before = produced();
        ASSERT_TRUE(support::eventually([&] { return ask({"status"}).first == 1; }));
        EXPECT_NE(ask({"status"}).second.find("events cannot be stored"), std::string::npos);
        ASSERT_TRUE(produces(before + for_events));
        server_.start();
        ASSERT_TRUE(support::eventually([&] { return ask({"status"}).first == 0; }, 60s)) << sidecar_->log();
    }

    /// Production has ended: what it gave and the followers did not get, once they got the last.
    Ids missing_at_the_end() {
        network_->control("POST", "/stop");
        const auto payloads = lines_of(support::read_file(record_));
        EXPECT_TRUE(support::eventually(
            [&] {
                const auto got = received();
                return std::ranges::all_of(std::vector(payloads.end() - 200, payloads.end()),
                                           [&](const auto& payload) { return got.contains(payload); });
            },
            60s))
            << sidecar_->log();
        const auto got = received();
        Ids missing;
        for (std::size_t id = 0; id < payloads.size(); ++id) {
            all_[endpoint_of(payloads[id])].insert(id);
            if (!got.contains(payloads[id])) missing[endpoint_of(payloads[id])].insert(id);
        }
        return missing;
    }

    [[nodiscard]] std::set<std::string> received() const {
        std::set<std::string> payloads;
        for (auto& event : followers_->together()) payloads.insert(std::move(event.data));
        return payloads;
    }

    nlohmann::json shown_node() {
        const auto name = fmt::format("127.0.0.1:{}", network_->nodes()[0].sse);
        return nlohmann::json::parse(ask({"nodes", "show", name, "--json"}).second)["node"];
    }

    /// The ids of events that lie in the gaps which the command shows.
    Ids shown_as_missing() {
        Ids shown;
        const auto node = shown_node();
        for (const auto& gap : node["gaps"]) {
            const std::string endpoint = gap["endpoint"];
            const auto& ids = all_[endpoint];
            shown[endpoint].insert(ids.lower_bound(gap["first_id"]), ids.upper_bound(gap["last_id"]));
        }
        return shown;
    }

    const support::TemporaryFolder folder_;
    const std::filesystem::path record_ = folder_.path() / "produced.jsonl";
    PostgresqlServer server_;
    std::optional<SimulatedNetwork> network_;
    std::optional<Sidecar> sidecar_;
    std::optional<NodeFollowers> followers_;
    Ids all_;
};

TEST_F(Outage, NothingIsLostWhenTheNodesBufferLasts) {
    start("60000");
    break_down(5000);
    EXPECT_EQ(missing_at_the_end(), Ids());
    EXPECT_EQ(shown_node()["gap_count"], 0);
    EXPECT_EQ(sidecar_->stop(), 0) << sidecar_->log();
}

TEST_F(Outage, TheExactGapIsShownWhenTheNodesBufferDoesNotLast) {
    start("2000");
    break_down(8000);
    const auto missing = missing_at_the_end();
    EXPECT_FALSE(missing.empty());
    EXPECT_EQ(shown_as_missing(), missing) << shown_node() << sidecar_->log();
    EXPECT_GE(shown_node()["gap_count"], missing.size());

    const auto before = shown_node()["gaps"];
    sidecar_->kill();
    sidecar_->start();
    EXPECT_TRUE(support::eventually([&] { return ask({"status"}).first == 0; }));
    EXPECT_EQ(shown_node()["gaps"], before);
    EXPECT_EQ(sidecar_->stop(), 0) << sidecar_->log();
}

}  // namespace
}  // namespace integration
