#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/recent_problems.h"
#include "upstream/node_report.h"

namespace admin {

/// Something that an operator should know of.
struct Problem {
    enum class Severity { Error, Warning };
    enum class Source { Readiness, Node, Gap, Log };
    using Time = std::chrono::system_clock::time_point;

    Severity severity = Severity::Error;
    Source source = Source::Log;
    std::string message;
    std::string remedy;  ///< empty: there is nothing to be done
    Time since;          ///< when it began, or was seen first; of readiness not known
    Time last;           ///< when it was seen last
    std::uint64_t times = 1;
    bool ongoing = false;  ///< it is so now
};

/// What keeps the sidecar from being ready, then nodes, then what was: gaps and the log, the latest first.
[[nodiscard]] std::vector<Problem> problems_of(const std::vector<std::string>& readiness,
                                               const std::vector<upstream::NodeReport>& nodes,
                                               const std::vector<base::LoggedProblem>& logged,
                                               Problem::Time now);

[[nodiscard]] std::string_view name_of(Problem::Severity severity);
[[nodiscard]] std::string_view name_of(Problem::Source source);

}  // namespace admin
