// What deploy/ has for Prometheus and Grafana, against the tools themselves and the documentation.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <regex>

#include "promql_names.h"
#include "support/paths.h"
#include "support/process.h"
#include "support/run_program.h"

namespace deploy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::filesystem::path prometheus_file(const std::string& name) {
    return support::project_folder() / "deploy" / "prometheus" / name;
}

/// What the first group matches, each time.
std::vector<std::string> all_matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    std::vector<std::string> found;
    for (auto it = std::sregex_iterator(text.begin(), text.end(), regex); it != std::sregex_iterator(); ++it)
        found.push_back((*it)[1]);
    return found;
}

std::vector<std::string> alerts() {
    return all_matches(support::read_file(prometheus_file("alerts.yml")), R"(- alert: (\w+))");
}

/// What follows `expr:`, folded lines included.
std::vector<std::string> alert_expressions() {
    const auto text = support::read_file(prometheus_file("alerts.yml"));
    auto expressions = all_matches(text, R"(\n        expr: ([^>\n][^\n]*))");
    for (auto& folded : all_matches(text, R"(\n        expr: >-((?:\n          [^\n]*)+))"))
        expressions.push_back(std::move(folded));
    return expressions;
}

void collect_expressions(const nlohmann::json& json, std::vector<std::string>& found) {
    if (json.is_object() && json.contains("expr")) found.push_back(json["expr"]);
    if (!json.is_structured()) return;
    for (const auto& child : json) collect_expressions(child, found);
}

std::vector<std::string> dashboard_expressions() {
    const auto file = support::project_folder() / "deploy" / "grafana" / "event-sidecar.json";
    std::vector<std::string> found;
    collect_expressions(nlohmann::json::parse(support::read_file(file)), found);
    return found;
}

/// Of a histogram's series, the histogram's name.
std::string base_name(const std::string& name) {
    static const std::regex suffix("_(bucket|sum|count)$");
    return std::regex_replace(name, suffix, "");
}

TEST(Monitoring, TheNamesOfMetricsAreFoundInExpressions) {
    EXPECT_THAT(
        metric_names("histogram_quantile(0.99, sum by (le) (rate(a_seconds_bucket{x=\"b\"}[5m]))) > 0.5"),
        ElementsAre("a_seconds_bucket"));
    EXPECT_THAT(metric_names("up == 0 or b / c{job=\"x\"} > 1.5e9 and sum(d) by (e) > 0"),
                ElementsAre("b", "c", "d", "up"));
}

TEST(Monitoring, TheAlertsAreValid) {
    const auto checked = support::run_program({"promtool", "check", "rules", prometheus_file("alerts.yml")});
    EXPECT_EQ(checked.exit_code, 0) << checked.output;
    EXPECT_GT(alerts().size(), 15U);
    EXPECT_EQ(alert_expressions().size(), alerts().size());
}

TEST(Monitoring, TheExampleOfAPrometheusIsValid) {
    const auto checked =
        support::run_program({"promtool", "check", "config", prometheus_file("prometheus.yml")});
    EXPECT_EQ(checked.exit_code, 0) << checked.output;
}

TEST(Monitoring, EveryAlertFiresAndDoesNotFireInItsTests) {
    const auto tested =
        support::run_program({"promtool", "test", "rules", prometheus_file("alerts_test.yml")});
    EXPECT_EQ(tested.exit_code, 0) << tested.output;
    const auto text = support::read_file(prometheus_file("alerts_test.yml"));
    const auto quiet = all_matches(text, R"(alertname: (\w+)\n        exp_alerts: \[\])");
    const auto firing = all_matches(text, R"(alertname: (\w+)\n        exp_alerts:\n          - )");
    for (const auto& alert : alerts()) {
        EXPECT_THAT(firing, testing::Contains(alert)) << "no test in which it fires";
        EXPECT_THAT(quiet, testing::Contains(alert)) << "no test in which it does not fire";
    }
}

TEST(Monitoring, EveryAlertHasASectionOfTheManual) {
    const auto manual = support::read_file(support::project_folder() / "docs" / "operating.md");
    for (const auto& alert : alerts())
        EXPECT_NE(manual.find("\n### " + alert + "\n"), std::string::npos) << alert;
    for (const auto& section : all_matches(manual, "\n### (Sidecar\\w+)\n"))
        EXPECT_THAT(alerts(), testing::Contains(section)) << "there is no such alert";
}

TEST(Monitoring, EveryMetricThatIsAskedForIsDocumented) {
    const auto file = support::project_folder() / "docs" / "metrics.md";
    const auto documentation = support::read_file(file);
    auto expressions = alert_expressions();
    const auto of_dashboard = dashboard_expressions();
    EXPECT_GT(of_dashboard.size(), 30U);
    expressions.insert(expressions.end(), of_dashboard.begin(), of_dashboard.end());
    for (const auto& expression : expressions) {
        const auto names = metric_names(expression);
        EXPECT_FALSE(names.empty()) << expression;
        for (const auto& name : names) {
            if (name == "up") continue;  // Prometheus's own
            const auto documented = [&](const std::string& text) {
                return std::regex_search(documentation, std::regex("`" + text + "(`|\\{)"));
            };
            EXPECT_TRUE(documented(name) || documented(base_name(name))) << name << " in " << expression;
        }
    }
}

}  // namespace
}  // namespace deploy
