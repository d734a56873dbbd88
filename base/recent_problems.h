#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <spdlog/sinks/sink.h>
#include <string>
#include <vector>

#include "base/log.h"

namespace base {

/// A warning or an error of the log.
struct LoggedProblem {
    enum class Severity { Warning, Error };

    Severity severity = Severity::Warning;
    std::string message;  ///< of the last time
    std::chrono::system_clock::time_point first;
    std::chrono::system_clock::time_point last;
    std::uint64_t times = 1;
};

/// Keeps the last warnings and errors that a log let through, for an operator to look at: at most so many,
/// each kind of line once, with a count. Lines that differ in their numbers only are of one kind.
/// Thread-safe; lines of other levels cost nothing.
class RecentProblems final : public spdlog::sinks::sink {
  public:
    static constexpr std::size_t kMost = 50;
    static constexpr std::size_t kLongest = 500;  ///< bytes of a message; what is longer is cut

    RecentProblems();

    /// Made and added to the log's sinks; while no other thread uses the log.
    [[nodiscard]] static std::shared_ptr<RecentProblems> attached_to(spdlog::logger& log);

    /// The latest first.
    [[nodiscard]] std::vector<LoggedProblem> list() const;

    void log(const spdlog::details::log_msg& line) override;
    void flush() override {}
    void set_pattern(const std::string&) override {}
    void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  private:
    struct Entry {
        std::string kind;
        LoggedProblem problem;
    };

    mutable std::mutex mutex_;
    std::list<Entry> entries_;  ///< the latest first
};

}  // namespace base
