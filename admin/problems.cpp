#include "admin/problems.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "admin/remedies.h"

namespace admin {

using upstream::NodeCause;
using upstream::NodeReport;
using upstream::NodeState;

namespace {

constexpr std::chrono::hours kGapsShownFor{24};
constexpr std::size_t kMostPast = base::RecentProblems::kMost;

/// Whether the node is only on its way: nothing has gone wrong with it.
bool is_beginning(const NodeReport& node) {
    const bool on_its_way = node.state == NodeState::Initializing || node.state == NodeState::Connecting ||
                            node.state == NodeState::Restarting || node.state == NodeState::Suspending ||
                            node.state == NodeState::Deleting || node.state == NodeState::Deleted;
    return (on_its_way && node.attempt == 0) || upstream::reads_anew(node.cause);
}

bool is_well(const NodeReport& node) {
    const bool complete = !node.partial && !node.lagging && !node.stalled;
    return (node.state == NodeState::Running && complete) || is_beginning(node);
}

std::string condition_of(const NodeReport& node) {
    if (node.state != NodeState::Running) return fmt::format("{} is {}", node.name, name_of(node.state));
    if (node.stalled) return fmt::format("{} is stalled: it sends no block, while the others do", node.name);
    if (node.partial) return fmt::format("{} is read with an endpoint missing", node.name);
    return fmt::format("{} is {} blocks behind", node.name, node.blocks_behind);
}

Problem problem_of(const NodeReport& node, Problem::Time now) {
    const bool wished = node.state == NodeState::Suspended || node.state == NodeState::Running;
    auto message = condition_of(node);
    if (node.state != NodeState::Running && !node.last_error.empty()) message += ": " + node.last_error;
    return {.severity = wished ? Problem::Severity::Warning : Problem::Severity::Error,
            .source = Problem::Source::Node,
            .message = std::move(message),
            .remedy = remedy_for(node),
            .since = node.since,
            .last = now,
            .ongoing = true};
}

Problem problem_of(const upstream::NodeGap& gap) {
    const auto end = gap.last ? fmt::format("to {}", *gap.last) : std::string("on, to an unknown end,");
    auto message = fmt::format("{}: a gap: ids were not read: {} {} of {}", gap.node, gap.first, end,
                               base::filter_name(gap.filter));
    std::string remedy(remedy_for(message));
    return {.severity = Problem::Severity::Warning,
            .source = Problem::Source::Gap,
            .message = std::move(message),
            .remedy = std::move(remedy),
            .since = gap.at,
            .last = gap.at};
}

Problem problem_of(const base::LoggedProblem& line) {
    const bool is_error = line.severity == base::LoggedProblem::Severity::Error;
    return {.severity = is_error ? Problem::Severity::Error : Problem::Severity::Warning,
            .source = Problem::Source::Log,
            .message = line.message,
            .remedy = std::string(remedy_for(line.message)),
            .since = line.first,
            .last = line.last,
            .times = line.times};
}

}  // namespace

std::vector<Problem> problems_of(const std::vector<std::string>& readiness,
                                 const std::vector<NodeReport>& nodes,
                                 const std::vector<base::LoggedProblem>& logged, Problem::Time now) {
    std::vector<Problem> ongoing;
    std::vector<Problem> past;
    for (const auto& reason : readiness) {
        ongoing.push_back({.severity = Problem::Severity::Error,
                           .source = Problem::Source::Readiness,
                           .message = reason,
                           .remedy = std::string(remedy_for(reason)),
                           .since = {},
                           .last = now,
                           .ongoing = true});
    }
    for (const auto& node : nodes) {
        if (!is_well(node)) ongoing.push_back(problem_of(node, now));
        for (const auto& gap : node.gaps) {
            if (now - gap.at < kGapsShownFor) past.push_back(problem_of(gap));
        }
    }
    for (const auto& line : logged) past.push_back(problem_of(line));
    std::ranges::stable_sort(past, std::ranges::greater{}, &Problem::last);
    if (past.size() > kMostPast) past.resize(kMostPast);
    std::ranges::move(past, std::back_inserter(ongoing));
    return ongoing;
}

std::string_view name_of(Problem::Severity severity) {
    return severity == Problem::Severity::Error ? "error" : "warning";
}

std::string_view name_of(Problem::Source source) {
    switch (source) {
        case Problem::Source::Readiness:
            return "readiness";
        case Problem::Source::Node:
            return "node";
        case Problem::Source::Gap:
            return "gap";
        case Problem::Source::Log:
            break;
    }
    return "log";
}

}  // namespace admin
