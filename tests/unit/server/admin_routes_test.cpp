// The whole table of the admin server: who may change something, and with what.

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <stdexcept>

#include "base/log_level.h"
#include "server/admin_wiring.h"
#include "server/connection_config.h"
#include "support/memory_finder.h"
#include "support/memory_log.h"
#include "unit/admin/fake_node_store.h"
#include "unit/admin/fake_steering.h"
#include "unit/admin/fake_streams.h"
#include "unit/admin/running_admin.h"

namespace {

using namespace admin_test;
using testing::HasSubstr;

constexpr std::string_view kNode = R"({"ip_address":"10.0.0.9","sse_port":9999,"rest_port":8888})";

/// Whatever a request could change, and a server in front of it.
class World {
  public:
    explicit World(std::string token = "secret")
        : admin_(server::admin_routes(sources()), std::move(token),
                 [this](boost::asio::io_context& context) { dashboard_.start(context); }) {
        streams_.drain(std::chrono::seconds(77));
    }
    ~World() {
        admin_.server().stop();
        dashboard_.stop();
    }
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    [[nodiscard]] const RunningAdmin& admin() const { return admin_; }
    [[nodiscard]] FakeSteering& steering() { return steering_; }
    [[nodiscard]] std::vector<admin::AdminRoute> routes() { return server::admin_routes(sources()); }

    /// All that there is to be changed, as text.
    [[nodiscard]] std::string state() const {
        std::string text;
        for (const auto& node : steering_.nodes())
            text += fmt::format("{} {}, ", node.name, static_cast<int>(node.state));
        for (const auto& subscriber : streams_.subscribers()) text += fmt::format("{}, ", subscriber.id);
        const auto drain = streams_.drain_report();
        return text + fmt::format("drain {} {} {}, {}", drain.draining, drain.over.count(), streams_.drains(),
                                  base::level_of(lines_));
    }

  private:
    server::AdminSources sources() {
        return {.metrics = metrics_,
                .node_reports = reports_,
                .readiness = readiness_,
                .stuck_loops = [] { return std::vector<std::string>(); },
                .dashboard = dashboard_,
                .nodes = nodes_,
                .streams = streams_,
                .lines = lines_};
    }

    admin::DashboardSources dashboard_sources() {
        return {.version = "1",
                .log = log_,
                .finder = finder_,
                .nodes = steering_,
                .readiness = readiness_,
                .metrics = metrics_,
                .problems = *problems_,
                .queue_bytes = [] { return 0U; },
                .queue_limit_bytes = 1,
                .database_bytes = [] { return std::nullopt; }};
    }

    base::Metrics metrics_;
    base::Log lines_ = base::make_null_log();
    FakeSteering steering_{{report_of("a")}};
    FakeNodeStore store_;
    admin::NodeCommands nodes_{steering_, store_, server::parse_connection};
    FakeStreams streams_{{{.id = 3}}};
    support::MemoryLog log_;
    support::MemoryFinder finder_;
    admin::Readiness readiness_{steering_, {}};
    admin::NodeReports reports_{steering_};
    std::shared_ptr<base::RecentProblems> problems_ = base::RecentProblems::attached_to(*lines_);
    admin::Dashboard dashboard_{dashboard_sources()};
    RunningAdmin admin_;
};

/// A request that a route takes and that changes something in a new World.
struct Change {
    std::string method;
    std::string target;
    std::string body;
};

std::vector<Change> changes_of(const admin::AdminRoute& route) {
    static const std::map<std::string, Change> kKnown{
        {"PUT /nodes/{name}", {"PUT", "/nodes/new", std::string(kNode)}},
        {"DELETE /nodes/{name}", {"DELETE", "/nodes/a", ""}},
        {"POST /nodes/{name}/suspend", {"POST", "/nodes/a/suspend", ""}},
        {"POST /nodes/{name}/resume", {"POST", "/nodes/a/resume", ""}},
        {"DELETE /subscribers/{id}", {"DELETE", "/subscribers/3", ""}},
        {"POST /drain", {"POST", "/drain", "{\"seconds\":5}"}},
        {"DELETE /drain", {"DELETE", "/drain", ""}},
        {"PUT /log-level", {"PUT", "/log-level", "{\"level\":\"debug\"}"}}};
    std::vector<Change> changes;
    std::string_view methods = route.methods;
    while (!methods.empty()) {
        const auto end = std::min(methods.find(", "), methods.size());
        const auto method = methods.substr(0, end);
        methods.remove_prefix(std::min(end + 2, methods.size()));
        if (method == "GET") continue;
        const auto known = kKnown.find(fmt::format("{} {}", method, route.pattern));
        if (known == kKnown.end()) {
            ADD_FAILURE() << "how is something changed by " << method << " " << route.pattern << "?";
            continue;
        }
        changes.push_back(known->second);
    }
    return changes;
}

/// Every request that could change something.
std::vector<Change> all_changes() {
    World world;
    std::vector<Change> all;
    for (const auto& route : world.routes()) std::ranges::move(changes_of(route), std::back_inserter(all));
    return all;
}

TEST(AdminRoutes, WithTheTokenEachChangesSomething) {
    const auto changes = all_changes();
    EXPECT_GE(changes.size(), 8U);
    for (const auto& change : changes) {
        World world;
        const auto before = world.state();
        const auto got = world.admin().change(change.method, change.target, change.body);
        EXPECT_LT(got.status, 300U) << change.method << " " << change.target << " " << got.body;
        EXPECT_NE(world.state(), before) << change.method << " " << change.target;
    }
}

TEST(AdminRoutes, WithoutTheTokenNothingIsChanged) {
    World world;
    const auto before = world.state();
    for (const auto& change : all_changes()) {
        for (const std::string_view headers :
             {"", "Authorization: Bearer wrong\r\n", "Authorization: Bearer\r\n",
              "Authorization: Basic c2VjcmV0\r\n", "Authorization: secret\r\n", "Cookie: token=secret\r\n",
              "X-Token: secret\r\n", "Authorization: Bearer \r\nAuthorization: Bearer secret\r\n",
              "X-HTTP-Method-Override: GET\r\n"}) {
            for (const auto* query :
                 {"", "?token=secret", "?access_token=secret&authorization=Bearer+secret"}) {
                const auto got = support::call(world.admin().port(), change.method, change.target + query,
                                               headers, change.body);
                EXPECT_EQ(got.status, 401U)
                    << change.method << " " << change.target << query << " " << headers;
                EXPECT_THAT(got.head, HasSubstr("www-authenticate: Bearer"));
                EXPECT_EQ(world.state(), before) << change.method << " " << change.target;
            }
        }
    }
}

TEST(AdminRoutes, WithoutATokenInTheConfigurationChangesAreOff) {
    World world("");
    const auto before = world.state();
    for (const auto& change : all_changes()) {
        for (const std::string_view headers :
             {std::string_view(), kToken, std::string_view("Authorization: Bearer \r\n")}) {
            const auto got =
                support::call(world.admin().port(), change.method, change.target, headers, change.body);
            EXPECT_EQ(got.status, 403U) << change.method << " " << change.target;
            EXPECT_THAT(got.message(), HasSubstr("SIDECAR_ADMIN_TOKEN"));
        }
    }
    EXPECT_EQ(world.state(), before);
}

TEST(AdminRoutes, OtherMethodsChangeNothing) {
    World world;
    const auto before = world.state();
    for (const auto& change : all_changes()) {
        for (const auto* method : {"GET", "HEAD", "PATCH", "TRACE", "LOCK", "put", "Delete"}) {
            const auto got = world.admin().change(method, change.target, change.body);
            EXPECT_NE(got.status, 401U);
            EXPECT_EQ(world.state(), before) << method << " " << change.target;
        }
    }
}

TEST(AdminRoutes, ARowThatForgetsTheTokenDoesNotStart) {
    World world;
    for (const auto* methods : {"POST", "GET, POST", "PUT, DELETE", "PATCH"}) {
        auto routes = world.routes();
        routes.push_back({{methods, "/unsafe"},
                          admin::AdminRoute::Limit::Counted,
                          admin::AdminRoute::Access::Open,
                          routes.front().handler});
        EXPECT_THROW(RunningAdmin(std::move(routes)), std::logic_error) << methods;
    }
}

TEST(AdminRoutes, PagesOfOtherOriginsAreGrantedNothing) {
    World world;
    const auto before = world.state();
    constexpr std::string_view kForeign =
        "Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n"
        "Access-Control-Request-Headers: authorization, content-type\r\n"
        "Access-Control-Request-Private-Network: true\r\n";
    for (const auto& route : world.routes()) {
        if (route.pattern == "/dashboard/events") continue;  // without end
        std::string target(route.pattern);
        for (auto open = target.find('{'); open != std::string::npos; open = target.find('{'))
            target.replace(open, target.find('}') - open + 1, "a");
        for (const auto* method : {"OPTIONS", "GET", "HEAD", "POST"}) {
            const auto got = support::call(world.admin().port(), method, target, kForeign);
            EXPECT_EQ(got.head.find("ccess-control"), std::string::npos)
                << method << " " << target << got.head;
        }
        const auto preflight = support::call(world.admin().port(), "OPTIONS", target, kForeign);
        EXPECT_EQ(preflight.status, 204U) << target;
        EXPECT_THAT(preflight.head, HasSubstr("allow: "));
    }
    EXPECT_EQ(world.state(), before);
}

/// What a form of another page can send without a preflight: it cannot set the header.
TEST(AdminRoutes, AFormOfAnotherPageChangesNothing) {
    World world;
    const auto before = world.state();
    for (const auto* type :
         {"application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"}) {
        const auto headers = fmt::format(
            "Origin: https://evil.example\r\nCookie: a=b\r\nSec-Fetch-Site: cross-site\r\nContent-Type: "
            "{}\r\n",
            type);
        for (const auto& change : all_changes()) {
            const auto got = support::call(world.admin().port(), "POST", change.target, headers,
                                           change.body.empty() ? "token=secret" : change.body);
            EXPECT_GE(got.status, 400U) << change.target;
        }
    }
    EXPECT_EQ(world.state(), before);
}

TEST(AdminRoutes, ABodyThatIsTooLargeIs413) {
    World world;
    const auto before = world.state();
    const std::string large(70'000, ' ');
    for (const auto& change : all_changes()) {
        const auto got = world.admin().change(change.method, change.target, change.body + large);
        EXPECT_EQ(got.status, 413U) << change.method << " " << change.target;
        EXPECT_THAT(got.message(), HasSubstr("too large"));
    }
    EXPECT_EQ(world.state(), before);
}

TEST(AdminRoutes, ANodeIsAddedByJsonOrTomlUnderTheNameOfThePath) {
    World world;
    const auto& admin = world.admin();
    auto got = admin.change("PUT", "/nodes/10.0.0.9%3A9999", kNode, kJson);
    EXPECT_EQ(got.status, 201U) << got.body;
    EXPECT_EQ(got.json()["name"], "10.0.0.9:9999");
    got = admin.change("PUT", "/nodes/b", R"({"ip_address":"::1","sse_port":1,"rest_port":2,"use_tls":true,
        "max_attempts":3,"retry_strategy":"exponential","name":"b","network":null,"max_event_size_in_mb":null})");
    EXPECT_EQ(got.status, 201U) << got.body;
    got = admin.change("PUT", "/nodes/c%20%22%C3%A9%22",
                       "ip_address = \"10.0.0.2\"\nsse_port = 1\nrest_port = 2 # c",
                       "Content-Type: application/toml; charset=utf-8\r\n");
    EXPECT_EQ(got.status, 201U) << got.body;

    const auto added = world.steering().added();
    ASSERT_EQ(added.size(), 3U);
    EXPECT_EQ(added[0].options.ip_address, "10.0.0.9");
    EXPECT_EQ(added[1].options.name, "b");
    EXPECT_EQ(added[1].options.max_attempts, 3U);
    EXPECT_TRUE(added[1].options.use_tls);
    EXPECT_EQ(added[2].options.name, "c \"é\"");
    for (const auto& node : added) {
        const auto again = server::parse_connection(node.configuration);
        ASSERT_TRUE(again) << node.configuration;
        EXPECT_EQ(again->options, node.options) << "what is stored is what was asked for";
    }
    got = admin.change("PUT", "/nodes/b", kNode);
    EXPECT_EQ(got.status, 409U);
    EXPECT_THAT(got.message(), HasSubstr("there is a node b already"));
}

TEST(AdminRoutes, EveryProblemOfANodeIsNamedAtOnce) {
    World world;
    const auto& admin = world.admin();
    const auto got = admin.change("PUT", "/nodes/b", R"({"sse_port":70000,"max_attempt":1,"rest_port":"x",
        "use_tls":1,"delay_between_retries_in_seconds":18446744073709551615,"name":["b"]})");
    EXPECT_EQ(got.status, 422U);
    for (const auto* line :
         {"ip_address: is missing; expected an IP address or a host name",
          "sse_port: is 70000; expected a port, 1 to 65535",
          "max_attempt: unknown key; did you mean \"max_attempts\"?",
          "rest_port: is a string; expected a port", "use_tls: is an integer; expected true",
          "delay_between_retries_in_seconds: is a float", "name: is a list; expected"}) {
        EXPECT_THAT(got.message(), HasSubstr(line));
    }
    const auto other =
        admin.change("PUT", "/nodes/b", R"({"ip_address":"::1","sse_port":1,"rest_port":2,"name":"c"})");
    EXPECT_EQ(other.status, 422U);
    EXPECT_EQ(other.message(), "name: is \"c\", but the path names \"b\"; expected the same, or no name");
    EXPECT_EQ(admin.change("PUT", "/nodes/b", "sse_port = ", "Content-Type: application/toml\r\n").status,
              422U);
    for (const auto* body : {"", "[]", "{", "7", "{\"a\":1}}", "sse_port = 1"}) {
        const auto bad = admin.change("PUT", "/nodes/b", body, kJson);
        EXPECT_EQ(bad.status, 400U) << body;
        EXPECT_THAT(bad.message(), HasSubstr("expected one such as {\"ip_address\""));
    }
    const auto form =
        admin.change("PUT", "/nodes/b", kNode, "Content-Type: application/x-www-form-urlencoded\r\n");
    EXPECT_EQ(form.status, 415U);
    EXPECT_THAT(form.message(), HasSubstr("expected application/json or application/toml"));
    EXPECT_TRUE(world.steering().added().empty());
}

}  // namespace
