#include "base/recent_problems.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace base {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The line with each of its numbers as '#'.
std::string kind_of(std::string_view message) {
    std::string kind;
    kind.reserve(message.size());
    for (const char c : message) {
        if (!is_digit(c)) {
            kind += c;
        } else if (kind.empty() || kind.back() != '#') {
            kind += '#';
        }
    }
    return kind;
}

}  // namespace

RecentProblems::RecentProblems() {
    set_level(spdlog::level::warn);
}

std::shared_ptr<RecentProblems> RecentProblems::attached_to(spdlog::logger& log) {
    auto problems = std::make_shared<RecentProblems>();
    log.sinks().push_back(problems);
    return problems;
}

std::vector<LoggedProblem> RecentProblems::list() const {
    std::vector<LoggedProblem> problems;
    const std::lock_guard lock(mutex_);
    problems.reserve(entries_.size());
    for (const auto& entry : entries_) problems.push_back(entry.problem);
    return problems;
}

void RecentProblems::log(const spdlog::details::log_msg& line) {
    const std::string_view whole(line.payload.data(), line.payload.size());
    std::string message(whole.substr(0, kLongest));
    auto kind = kind_of(message);
    const auto severity =
        line.level >= spdlog::level::err ? LoggedProblem::Severity::Error : LoggedProblem::Severity::Warning;
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find(entries_, kind, &Entry::kind);
    if (known != entries_.end()) {
        auto& problem = known->problem;
        problem.severity = severity;
        problem.message = std::move(message);
        problem.last = line.time;
        ++problem.times;
        entries_.splice(entries_.begin(), entries_, known);
        return;
    }
    entries_.push_front({std::move(kind), {severity, std::move(message), line.time, line.time, 1}});
    if (entries_.size() > kMost) entries_.pop_back();
}

}  // namespace base
