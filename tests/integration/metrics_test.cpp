// What the admin server's /metrics shows of a sidecar that runs.

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <vector>

#include "integration/followers.h"
#include "integration/metrics_text.h"
#include "integration/support_check.h"
#include "support/paths.h"
#include "support/programs.h"
#include "support/raw_client.h"

namespace integration {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using support::Sidecar;
using support::SimulatedNetwork;

std::string get(std::uint16_t port, const std::string& target) {
    return support::fetch(port, fmt::format("GET {} HTTP/1.1\r\n", target));
}

MetricShapes documented() {
    return shapes_of_document(support::read_file(support::project_folder() / "docs" / "metrics.md"));
}

/// A sidecar of two nodes whose chain runs.
class Metrics : public testing::Test {
  protected:
    void start(const std::string& admin_keys = "max_requests_per_second = 1000") {
        network_.emplace(folder_.path(),
                         std::vector<std::string>{"--nodes", "2", "--rate", "300", "--max-skew", "0",
                                                  "--blocks-per-era", "5"});
        Sidecar::Settings settings;
        settings.nodes = network_->nodes();
        settings.admin_keys = admin_keys;
        sidecar_.emplace(folder_.path(), settings);
        sidecar_->start();
    }

    [[nodiscard]] std::string page() const {
        const auto response = get(sidecar_->admin_port(), "/metrics");
        EXPECT_TRUE(response.starts_with("HTTP/1.1 200 ")) << response.substr(0, 200);
        return support::body_of(response);
    }
    [[nodiscard]] double value(const std::string& series) const { return value_of(page(), series); }

    const support::TemporaryFolder folder_;
    std::optional<SimulatedNetwork> network_;
    std::optional<Sidecar> sidecar_;
};

TEST_F(Metrics, AreThoseThatAreDocumentedAndNoOthers) {
    start();
    ASSERT_TRUE(support::eventually([&] { return value("sidecar_head_height") >= 0; })) << sidecar_->log();
    ASSERT_TRUE(support::eventually([&] { return shapes_of_page(page()).contains("sidecar_node_height"); }));
    const auto exposed = shapes_of_page(page());
    const auto expected = documented();
    EXPECT_GT(expected.size(), 40U);
    for (const auto& [name, shape] : expected) {
        ASSERT_TRUE(exposed.contains(name)) << name << " is documented and not exposed";
        EXPECT_EQ(exposed.at(name).type, shape.type) << name;
        EXPECT_EQ(exposed.at(name).labels, shape.labels) << name;
    }
    for (const auto& [name, shape] : exposed)
        EXPECT_TRUE(expected.contains(name)) << name << " is exposed and not documented";
}

TEST_F(Metrics, CarryTheNamesAndLabelsOfTheRustSidecar) {
    start();
    const auto is_read = [&](const auto& node) {
        return value(fmt::format("node_statuses{{node=\"127.0.0.1:{}\"}}", node.sse)) == 2;
    };
    ASSERT_TRUE(support::eventually([&] {
        return value("sidecar_head_height") >= 0 && std::ranges::all_of(network_->nodes(), is_read);
    })) << sidecar_->log();
    const auto text = page();
    const auto has = [&](const std::string& series) {
        EXPECT_FALSE(std::isnan(value_of(text, series))) << series;
    };
    for (const std::string description :
         {"fetching_from_stream_failed", "deserialization_error:events/main",
          "deserialization_error:events/sigs", "deserialization_error:events/deploys", "event_without_id",
          "sending_downstream_failed", "api_version_sending_failed", "api_version_deserialization_failed",
          "api_version_expected"}) {
        has(fmt::format("error_counts{{category=\"connection_manager\",description=\"{}\"}}", description));
    }
    for (const std::string description :
         {"version_value_not_a_string", "incomprehensible_build_version_form",
          "failed_parsing_protocol_version", "failed_getting_status_from_payload"}) {
        has(fmt::format("error_counts{{category=\"fetching_build_version_for_node\",description=\"{}\"}}",
                        description));
    }
    for (const std::string kind : {"BlockAdded", "DeployAccepted", "DeployProcessed", "DeployExpired",
                                   "Fault", "FinalitySignature", "Step", "Shutdown"}) {
        has(fmt::format("error_counts{{category=\"main\",description=\"db_save_error_{}\"}}", kind));
    }
    for (const std::string filter : {"events/main", "events/deploys", "events/sigs"}) {
        for (const std::string bound :
             {"500", "1000", "2000", "5000", "50000", "500000", "5000000", "50000000"})
            has(fmt::format("received_bytes_bucket{{filter=\"{}\",le=\"{}\"}}", filter, bound));
    }
    for (const std::string step : {"event_received", "db_save", "outbound_sse_data_send"}) {
        for (const std::string end : {"start", "end"})
            has(fmt::format("internal_events{{category=\"main_inbound_sse_data\",description=\"{}_{}\"}}",
                            step, end));
    }
}

TEST_F(Metrics, AgreeWithWhatHappened) {
    start();
    const NodeFollowers followers(sidecar_->port());
    ASSERT_TRUE(support::eventually([&] { return followers.count() > 2000; })) << sidecar_->log();
    network_->control("POST", "/stop");
    // Every event is known in the end: appended from one node, a duplicate from the other.
    const auto internal = [](const std::string& text, const std::string& step) {
        return value_of(
            text,
            fmt::format("internal_events{{category=\"main_inbound_sse_data\",description=\"{}\"}}", step));
    };
    const auto events = [](const std::string& text, const std::string& outcome) {
        return value_of(text, fmt::format("sidecar_events_total{{outcome=\"{}\"}}", outcome));
    };
    const auto delivered = [](const std::string& text, const std::string& endpoint) {
        return value_of(text, fmt::format("sidecar_delivered_events_total{{endpoint=\"{}\"}}", endpoint));
    };
    std::string text;
    ASSERT_TRUE(support::eventually([&] {
        const double produced = nlohmann::json::parse(network_->control("GET", "/chain"))["events"];
        text = page();
        return events(text, "appended") == produced && events(text, "duplicate") == produced &&
               static_cast<double>(followers.count()) == produced &&
               delivered(text, "/events/main") == static_cast<double>(followers.main.count()) &&
               delivered(text, "/events/deploys") == static_cast<double>(followers.deploys.count()) &&
               delivered(text, "/events/sigs") == static_cast<double>(followers.sigs.count()) &&
               value_of(text, "sidecar_queue_bytes") == 0;
    })) << text;

    const auto appended = events(text, "appended");
    EXPECT_EQ(delivered(text, "/events"), 0);
    EXPECT_GT(value_of(text, "sidecar_delivered_bytes_total{endpoint=\"/events/main\"}"), 1000);
    EXPECT_EQ(value_of(text, "sidecar_newest_event_id"), appended);
    EXPECT_EQ(value_of(text, "sidecar_ring_newest_id"), appended);
    EXPECT_EQ(value_of(text, "sidecar_ring_events"), appended);
    EXPECT_EQ(value_of(text, "sidecar_ingest_seconds_count"), appended);
    EXPECT_GT(value_of(text, "sidecar_delivery_seconds_count"), 1000);
    EXPECT_LE(value_of(text, "sidecar_delivery_seconds_count"), appended);
    EXPECT_GT(value_of(text, "sidecar_database_bytes"), 10'000);
    EXPECT_EQ(value_of(text, "sidecar_storage_available"), 1);
    EXPECT_EQ(value_of(text, "sidecar_ready"), 1);
    EXPECT_EQ(value_of(text, "sidecar_subscribers{endpoint=\"/events/main\"}"), 1);
    EXPECT_GT(internal(text, "db_save_end"), 2 * appended) << "with each ApiVersion";
    EXPECT_EQ(internal(text, "outbound_sse_data_send_end"), appended);
    for (const std::string step : {"event_received", "db_save", "outbound_sse_data_send"})
        EXPECT_EQ(internal(text, step + "_start"), internal(text, step + "_end")) << step;

    const auto head = json::parse(support::body_of(get(sidecar_->rest_port(), "/block")));
    EXPECT_EQ(value_of(text, "sidecar_head_height"), head["block"]["header"]["height"].get<double>());
    for (const auto& node : network_->nodes()) {
        const auto name = fmt::format("127.0.0.1:{}", node.sse);
        EXPECT_EQ(value_of(text, fmt::format("sidecar_node_height{{node=\"{}\"}}", name)),
                  value_of(text, "sidecar_head_height"));
        EXPECT_EQ(value_of(text, fmt::format("sidecar_node_lag_blocks{{node=\"{}\"}}", name)), 0);
        EXPECT_EQ(value_of(text, fmt::format("sidecar_node_state{{node=\"{}\",state=\"running\"}}", name)),
                  1);
        EXPECT_EQ(value_of(text, fmt::format("sidecar_node_state{{node=\"{}\",state=\"defunct\"}}", name)),
                  0);
    }
}

TEST_F(Metrics, CountRequestsByThePatternOfTheirRoute) {
    start();
    ASSERT_TRUE(support::eventually([&] { return value("sidecar_head_height") >= 0; })) << sidecar_->log();
    const auto rest = sidecar_->rest_port();
    (void)get(rest, "/block/999999999");
    (void)get(rest, "/nothing/here?really");
    (void)get(sidecar_->port(), "/events/wrong");
    (void)get(sidecar_->port(), "/events/sigs?start_from=x");
    (void)support::fetch(sidecar_->admin_port(), "BAD\r\n");
    const auto text = page();
    const auto requests = [&](const std::string& server, const std::string& route, unsigned status) {
        return value_of(text,
                        fmt::format("sidecar_http_requests_total{{route=\"{}\",server=\"{}\",status=\"{}\"}}",
                                    route, server, status));
    };
    EXPECT_EQ(requests("rest_server", "/block/{hash_or_height}", 404), 1) << text;
    EXPECT_EQ(requests("rest_server", "other", 400), 1);
    EXPECT_EQ(requests("event_stream_server", "other", 404), 1);
    EXPECT_EQ(requests("event_stream_server", "/events/sigs", 422), 1);
    EXPECT_EQ(requests("admin_server", "other", 400), 1);
    EXPECT_GE(requests("admin_server", "/metrics", 200), 1);
    EXPECT_EQ(value_of(text,
                       "sidecar_http_request_seconds_count{server=\"event_stream_server\","
                       "route=\"/events/sigs\"}"),
              1);
    EXPECT_EQ(text.find("/nothing/here"), std::string::npos) << "what a client sends is no label";
}

TEST_F(Metrics, ASubscriberThatBeginsBehindTheRingIsAReplay) {
    network_.emplace(folder_.path(), std::vector<std::string>{"--nodes", "1", "--rate", "2000"});
    Sidecar::Settings settings;
    settings.nodes = network_->nodes();
    settings.admin_keys = "max_requests_per_second = 1000";
    settings.stream_keys = "event_stream_buffer_length = 10";
    sidecar_.emplace(folder_.path(), settings);
    sidecar_->start();
    ASSERT_TRUE(support::eventually([&] { return value("sidecar_newest_event_id") > 1000; }))
        << sidecar_->log();
    network_->control("POST", "/stop");
    ASSERT_TRUE(support::eventually([&] { return value("sidecar_queue_bytes") == 0; }));
    EXPECT_EQ(value("sidecar_ring_events"), 10);
    EXPECT_EQ(value("sidecar_storage_replays_total"), 0);
    support::RawClient client(sidecar_->port());
    client.send("GET /events?start_from=1 HTTP/1.1\r\nhost: x\r\n\r\n");
    ASSERT_TRUE(client.read_until_contains("id:900\n"));
    EXPECT_EQ(value("sidecar_storage_replays_total"), 1);
    EXPECT_TRUE(support::eventually([&] { return value("sidecar_storage_replays") == 0; }));
    EXPECT_EQ(value("sidecar_storage_replays_waiting"), 0);
}

TEST_F(Metrics, PromtoolHasNothingToSayButOfTheNamesThatAreKept) {
    start();
    ASSERT_TRUE(support::eventually([&] { return value("sidecar_head_height") >= 0; })) << sidecar_->log();
    const auto file = folder_.path() / "page.txt";
    support::write_file(file, page());
    support::Process promtool({"/bin/sh", "-c", fmt::format("promtool check metrics <{}", file.string())},
                              folder_.path() / "promtool.log");
    EXPECT_TRUE(promtool.wait().has_value());
    EXPECT_THAT(
        lines_of(promtool.output() + "\n"),
        testing::UnorderedElementsAre("error_counts counter metrics should have \"_total\" suffix",
                                      "internal_events counter metrics should have \"_total\" suffix"));
}

/// Debian's, with its data in the test's folder.
class Prometheus {
  public:
    Prometheus(const std::filesystem::path& folder, std::uint16_t target)
        : port_(support::free_port()), process_(start(folder, port_, target)) {
        if (!support::eventually([&] { return ready(); }))
            throw std::runtime_error("Prometheus (Debian's package) does not start: " + process_.output());
    }

    /// The first value that an expression gives; NaN, if it gives none.
    [[nodiscard]] double query(const std::string& expression) const {
        const auto answer = api("/api/v1/query?query=" + encoded(expression));
        const auto& result = answer["data"]["result"];
        if (result.empty()) return std::nan("");
        return std::stod(result[0]["value"][1].get<std::string>());
    }
    [[nodiscard]] json api(const std::string& target) const {
        return json::parse(support::body_of(get(port_, target)));
    }
    [[nodiscard]] std::string log() const { return process_.output(); }

  private:
    static support::Process start(const std::filesystem::path& folder, std::uint16_t port,
                                  std::uint16_t target) {
        const auto config = folder / "prometheus.yml";
        support::write_file(config,
                            fmt::format("global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n"
                                        "scrape_configs:\n  - job_name: sidecar\n    static_configs:\n"
                                        "      - targets: ['127.0.0.1:{}']\n",
                                        target));
        return {{"/usr/bin/env", "prometheus", "--config.file=" + config.string(),
                 "--storage.tsdb.path=" + (folder / "prometheus").string(),
                 fmt::format("--web.listen-address=127.0.0.1:{}", port), "--log.level=warn"},
                folder / "prometheus.log"};
    }

    static std::string encoded(const std::string& text) {
        std::string result;
        for (const unsigned char c : text) result += fmt::format("%{:02x}", c);
        return result;
    }

    [[nodiscard]] bool ready() const {
        try {
            return get(port_, "/-/ready").starts_with("HTTP/1.1 200 ");
        } catch (const std::exception&) {
            return false;
        }
    }

    std::uint16_t port_;
    support::Process process_;
};

// With the limits of the example configuration: one request a second.
TEST_F(Metrics, ARealPrometheusReadsThemEverySecondForAMinute) {
    start("max_concurrent_requests = 1\nmax_requests_per_second = 1");
    const Prometheus prometheus(folder_.path(), sidecar_->admin_port());
    const auto good_scrapes = [&] {
        std::this_thread::sleep_for(500ms);  // asking is work for it, too
        return prometheus.query("sum_over_time(up[5m])");
    };
    // On a busy machine one may be late for Prometheus, never refused.
    ASSERT_TRUE(support::eventually([&] { return good_scrapes() >= 60; }, 150s)) << prometheus.log();
    for (const std::string refusal : {"429", "503"})
        EXPECT_EQ(page().find(fmt::format("route=\"/metrics\",status=\"{}\"", refusal)), std::string::npos);
    EXPECT_GT(prometheus.query("quantile_over_time(0.5, scrape_samples_scraped[5m])"), 100);
    EXPECT_TRUE(support::eventually(
        [&] { return prometheus.api("/api/v1/targets")["data"]["activeTargets"][0]["lastError"] == ""; }));

    const auto names = prometheus.api("/api/v1/label/__name__/values");
    const auto stored = names["data"].get<std::set<std::string>>();
    for (const auto& [name, shape] : documented())
        EXPECT_TRUE(stored.contains(shape.type == "histogram" ? name + "_bucket" : name)) << name;
}

}  // namespace
}  // namespace integration
