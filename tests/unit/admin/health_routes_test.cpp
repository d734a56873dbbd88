#include "admin/health_routes.h"

#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "admin/admin_server.h"
#include "admin/metrics_routes.h"
#include "base/samples.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "unit/admin/fake_steering.h"

namespace admin {
namespace {

using namespace std::chrono_literals;
using admin_test::report_of;
using support::body_of;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Clock = std::chrono::steady_clock;

/// An admin server that has these routes only, over nodes that can be held.
class HealthRoutes : public testing::Test {
  protected:
    HealthRoutes() {
        auto routes = health_routes(readiness_, reports_, [this] { return list(stuck_); });
        for (auto& route : metrics_routes(metrics_, reports_)) routes.push_back(std::move(route));
        Options options;
        options.bind_address = "127.0.0.1";
        server_ = std::move(
            AdminServer::open(options, std::move(routes), base::make_null_log(), metrics_, nullptr).value());
        server_->start();
    }
    ~HealthRoutes() override {
        server_->stop();
        nodes_.wait();
    }

    [[nodiscard]] std::string get(const std::string& target, const std::string& headers = {}) const {
        return support::fetch(server_->port(), fmt::format("GET {} HTTP/1.1\r\n{}", target, headers));
    }
    [[nodiscard]] std::vector<std::string> list(const std::vector<std::string>& values) const {
        const std::lock_guard lock(mutex_);
        return values;
    }
    void set(std::vector<std::string>& values, std::vector<std::string> to) {
        const std::lock_guard lock(mutex_);
        values = std::move(to);
    }

    mutable std::mutex mutex_;
    std::vector<std::string> stuck_;
    std::vector<std::string> problems_;
    base::Metrics metrics_;
    admin_test::FakeSteering nodes_{{report_of("one"), report_of("two")}};
    Readiness readiness_{nodes_, {[] { return Readiness::Reasons(); }, [this] { return list(problems_); }}};
    NodeReports reports_{nodes_};
    std::unique_ptr<AdminServer> server_;
};

TEST_F(HealthRoutes, ItIsReadyWhenNothingIsAgainstIt) {
    const auto response = get("/health/ready");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(response, HasSubstr("content-type: application/json\r\n"));
    EXPECT_EQ(body_of(response), R"({"ready":true,"reasons":[]})");
    EXPECT_EQ(body_of(get("/health/ready?plain")), "ready\n");
    EXPECT_THAT(get("/health/ready?plain"), HasSubstr("content-type: text/plain"));
}

TEST_F(HealthRoutes, EveryReasonIsTold) {
    set(problems_, {"the disk\nis full", "the moon \"is\" down"});
    const auto response = get("/health/ready");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(nlohmann::json::parse(body_of(response)),
              (nlohmann::json{{"ready", false}, {"reasons", {"the disk\nis full", "the moon \"is\" down"}}}));
    EXPECT_EQ(body_of(get("/health/ready?plain")), "not ready: the disk is full; the moon \"is\" down\n")
        << "one line, whatever a reason says";
    set(problems_, {});
    EXPECT_THAT(get("/health/ready"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HealthRoutes, ALoopOfNodesThatHangsIsAReasonAndNothingHangs) {
    nodes_.hold();
    const auto begin = Clock::now();
    const auto response = get("/health/ready");
    EXPECT_GE(Clock::now() - begin, 2s);
    EXPECT_LT(Clock::now() - begin, 15s);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(body_of(response), HasSubstr("the loop that reads the nodes does not answer"));

    const auto again = Clock::now();
    EXPECT_THAT(get("/health/ready"), StartsWith("HTTP/1.1 503 "));
    EXPECT_LT(Clock::now() - again, 2s) << "that it hangs is known already";

    nodes_.release();
    EXPECT_TRUE(support::eventually([&] { return get("/health/ready").starts_with("HTTP/1.1 200 "); }));
}

TEST_F(HealthRoutes, APageOfMetricsIsServedWithWhatWasKnownLast) {
    EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 "));
    EXPECT_EQ(reports_.last()->size(), 2U);
    nodes_.hold();
    const auto begin = Clock::now();
    EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 "));
    EXPECT_LT(Clock::now() - begin, 15s);
    EXPECT_EQ(reports_.last()->size(), 2U);
    EXPECT_FALSE(reports_.answers());
    nodes_.release();
    EXPECT_TRUE(support::eventually([&] { return reports_.answers(); }));
}

TEST_F(HealthRoutes, ALoopThatDoesNotTurnIsNamed) {
    EXPECT_EQ(body_of(get("/health/live")), R"({"live":true})");
    EXPECT_EQ(body_of(get("/health/live?plain")), "live\n");
    set(stuck_, {"nodes", "shard 1"});
    const auto response = get("/health/live");
    EXPECT_THAT(response, StartsWith("HTTP/1.1 503 "));
    EXPECT_EQ(body_of(response), R"({"live":false,"stuck":["nodes","shard 1"]})");
    EXPECT_EQ(body_of(get("/health/live", "accept: text/plain\r\n")), "not live: nodes, shard 1\n");
    set(stuck_, {});
    EXPECT_THAT(get("/health/live"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HealthRoutes, TheyAreExemptFromTheLimits) {
    const auto begin = Clock::now();
    for (int i = 0; i < 30; ++i) {
        EXPECT_THAT(get("/health/ready"), StartsWith("HTTP/1.1 200 "));
        EXPECT_THAT(get("/health/live"), StartsWith("HTTP/1.1 200 "));
    }
    EXPECT_LT(Clock::now() - begin, 30s) << "one request a second is allowed";
}

}  // namespace
}  // namespace admin
