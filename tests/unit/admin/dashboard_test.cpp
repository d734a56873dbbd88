#include "admin/dashboard.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "admin/admin_server.h"
#include "admin/dashboard_routes.h"
#include "admin/metrics_routes.h"
#include "support/memory_finder.h"
#include "support/memory_log.h"
#include "support/process.h"
#include "support/raw_client.h"
#include "unit/admin/fake_steering.h"

namespace admin {
namespace {

using support::body_of;
using support::head_of;
using support::RawClient;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A dashboard on an admin server with the limits of the example configuration.
class DashboardTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto routes = metrics_routes(metrics_, reports_);
        for (auto& row : dashboard_routes(dashboard_)) routes.push_back(std::move(row));
        const Options options{.bind_address = "127.0.0.1"};
        server_ = std::move(AdminServer::open(options, std::move(routes), lines_, metrics_, nullptr).value());
        dashboard_.start(server_->context());
        server_->start();
    }
    void TearDown() override {
        server_->stop();
        steering_.wait();
        dashboard_.stop();
        server_.reset();
    }

    std::string get(std::string_view target, std::string_view headers = {}) const {
        return support::fetch(server_->port(), fmt::format("GET {} HTTP/1.1\r\n{}", target, headers));
    }
    nlohmann::json state() const {
        return nlohmann::json::parse(body_of(get("/dashboard/state")), nullptr, false);
    }

    std::unique_ptr<RawClient> open_stream() const {
        auto client = std::make_unique<RawClient>(server_->port());
        client->send("GET /dashboard/events HTTP/1.1\r\nhost: x\r\n\r\n");
        EXPECT_TRUE(client->read_until_contains("\r\n\r\n"));
        return client;
    }

    base::Metrics metrics_;
    base::Log lines_ = base::make_null_log();
    std::shared_ptr<base::RecentProblems> problems_ = base::RecentProblems::attached_to(*lines_);
    support::MemoryFinder finder_;
    support::MemoryLog log_;
    admin_test::FakeSteering steering_{{admin_test::report_of("a")}};
    Readiness readiness_{steering_, {}};
    NodeReports reports_{steering_};
    Dashboard dashboard_{{.version = "1.2.3",
                          .log = log_,
                          .finder = finder_,
                          .nodes = steering_,
                          .readiness = readiness_,
                          .metrics = metrics_,
                          .problems = *problems_,
                          .queue_bytes = [] { return std::uint64_t{5}; },
                          .queue_limit_bytes = 10,
                          .database_bytes = [] { return std::optional<std::uint64_t>(77); }}};
    std::unique_ptr<AdminServer> server_;
};

TEST_F(DashboardTest, ThePageAndItsFilesAreServedWithAStrictPolicy) {
    const auto page = get("/");
    EXPECT_THAT(page, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(head_of(page), AllOf(HasSubstr("content-type: text/html"), HasSubstr("default-src 'none'"),
                                     HasSubstr("script-src 'self';"), Not(HasSubstr("unsafe"))));
    for (const auto& file : dashboard_files()) {
        const auto target = fmt::format("/dashboard/{}", file.name);
        const auto whole = get(target);
        EXPECT_THAT(whole, StartsWith("HTTP/1.1 200 OK\r\n")) << target;
        const auto packed = get(target, "accept-encoding: gzip\r\n");
        EXPECT_THAT(head_of(packed), HasSubstr("content-encoding: gzip\r\n"));
        EXPECT_EQ(body_of(packed), file.gzipped);
        const auto head = head_of(packed);
        const auto at = head.find("etag: ");
        const auto etag = head.substr(at + 6, head.find("\r\n", at) - at - 6);
        const auto again = get(target, fmt::format("accept-encoding: gzip\r\nif-none-match: {}\r\n", etag));
        EXPECT_THAT(again, StartsWith("HTTP/1.1 304 ")) << target;
    }
    EXPECT_THAT(get("/dashboard/nothing.js"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(DashboardTest, EveryFileThatThePageNamesIsThere) {
    const auto page = body_of(get("/"));
    std::size_t named = 0;
    for (auto at = page.find("\"dashboard/"); at != std::string::npos;
         at = page.find("\"dashboard/", at + 1)) {
        const auto target = "/" + page.substr(at + 1, page.find('"', at + 1) - at - 1);
        EXPECT_THAT(get(target), StartsWith("HTTP/1.1 200 OK\r\n")) << target;
        ++named;
    }
    EXPECT_GE(named, 5U);
}

TEST_F(DashboardTest, TheStateIsMadeWhenItIsAskedFor) {
    finder_.add(base::Kind::BlockAdded, 5);
    lines_->error("events cannot be stored: the disk is full");
    nlohmann::json shown;
    // What does not answer at once is left out.
    ASSERT_TRUE(support::eventually([&] {
        shown = state();
        return shown["nodes"].size() == 1 && shown["head"]["height"] == 5;
    })) << shown;
    EXPECT_EQ(shown["version"], "1.2.3");
    EXPECT_EQ(shown["ready"], true);
    EXPECT_EQ(shown["nodes"][0]["name"], "a");
    EXPECT_EQ(shown["head"]["height"], 5);
    EXPECT_EQ(shown["storage"]["database_bytes"], 77);
    EXPECT_EQ(shown["storage"]["queue_bytes"], 5);
    EXPECT_EQ(shown["problems"][0]["message"], "events cannot be stored: the disk is full");
    EXPECT_THAT(shown["problems"][0]["remedy"].get<std::string>(), HasSubstr("disk"));
}

TEST_F(DashboardTest, TheStreamBeginsWithTheHistoryAndGoesOn) {
    const auto stream = open_stream();
    EXPECT_THAT(stream->received(), HasSubstr("content-type: text/event-stream\r\n"));
    EXPECT_TRUE(stream->read_until_contains("retry:2000\n\nevent:history\ndata:{\"time\":["));
    const auto snapshots = [](const std::string& bytes) {
        std::size_t count = 0;
        for (auto at = bytes.find("event:snapshot\ndata:{"); at != std::string::npos;
             at = bytes.find("event:snapshot\ndata:{", at + 1))
            ++count;
        return count;
    };
    EXPECT_TRUE(stream->read_until([&](const std::string& bytes) { return snapshots(bytes) >= 3; }));
}

TEST_F(DashboardTest, AChangeOfANodeIsShown) {
    const auto stream = open_stream();
    EXPECT_TRUE(stream->read_until_contains(R"("state":"running")"));
    steering_.suspend("a", [](const auto&) {});
    EXPECT_TRUE(stream->read_until_contains(R"("state":"suspended")"));
    EXPECT_TRUE(stream->read_until_contains("event-sidecar nodes resume a"));
}

TEST_F(DashboardTest, NodesThatDoNotAnswerHoldUpNothing) {
    ASSERT_TRUE(support::eventually([&] { return state()["nodes"].size() == 1; }));
    steering_.hold();
    const auto stream = open_stream();
    EXPECT_TRUE(stream->read_until([](const std::string& bytes) {
        const auto first = bytes.find("event:snapshot");
        return first != std::string::npos && bytes.find("event:snapshot", first + 1) != std::string::npos;
    }));
    steering_.release();
}

TEST_F(DashboardTest, SoManyPagesAndNoMoreCanBeOpen) {
    std::vector<std::unique_ptr<RawClient>> streams;
    for (std::size_t i = 0; i < Dashboard::kMostPages; ++i) {
        streams.push_back(open_stream());
        EXPECT_THAT(streams.back()->received(), StartsWith("HTTP/1.1 200 OK\r\n"));
    }
    const auto refused = get("/dashboard/events");
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(refused, HasSubstr("retry-after: 10\r\n"));
    EXPECT_THAT(get("/dashboard/state"), StartsWith("HTTP/1.1 200 OK\r\n"));

    streams.pop_back();
    EXPECT_TRUE(support::eventually([this] {
        const auto stream = open_stream();
        return stream->received().starts_with("HTTP/1.1 200 OK\r\n");
    })) << "a page that was closed leaves its place";
}

TEST_F(DashboardTest, NothingOfItCountsAgainstTheLimitsOfMetrics) {
    const auto stream = open_stream();
    for (int i = 0; i < 20; ++i) {
        EXPECT_THAT(get("/dashboard/dashboard.js"), StartsWith("HTTP/1.1 200 OK\r\n"));
        EXPECT_THAT(get("/dashboard/state"), StartsWith("HTTP/1.1 200 OK\r\n"));
    }
    EXPECT_THAT(get("/metrics"), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(DashboardTest, WhileTheLogCannotBeReadItSaysSo) {
    finder_.add(base::Kind::BlockAdded, 5);
    ASSERT_TRUE(support::eventually([&] { return state()["head"]["height"] == 5; }));
    finder_.fails = true;
    metrics_.stored("BlockAdded").Increment();
    const auto stream = open_stream();
    EXPECT_TRUE(stream->read_until_contains(R"("blocks_error":"no connection to host db.internal")"));
    EXPECT_EQ(state()["head"]["height"], 5) << "what was read last stays";
    finder_.fails = false;
    EXPECT_TRUE(support::eventually([this] { return state()["blocks_error"].is_null(); }));
}

}  // namespace
}  // namespace admin
