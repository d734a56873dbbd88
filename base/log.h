#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <spdlog/logger.h>
#include <string>
#include <string_view>

namespace base {

/// Where lines go. Made once at start and handed down; copies share the sink. Thread-safe.
using Log = std::shared_ptr<spdlog::logger>;

struct LogOptions {
    std::string level = "info";  ///< trace, debug, info, warn, error, off
    enum class Format { Text, Json } format = Format::Text;

    /// LOG_LEVEL, else RUST_LOG (its first plain level; module filters are overlooked); LOG_FORMAT=text|json.
    /// An unknown value leaves the default and is named in `complaint`.
    [[nodiscard]] static LogOptions from_environment();
    std::string complaint;
};

/// A log to standard error, a line an entry, flushed at once from level info on.
[[nodiscard]] Log make_log(const LogOptions& options);

/// A log that discards everything: for nodes with enable_logging = false, and tests.
[[nodiscard]] Log make_null_log();

/// Lets a repeated complaint through once an interval. Not thread-safe: one owner each.
class LogLimiter {
  public:
    using Clock = std::chrono::steady_clock;
    explicit LogLimiter(std::chrono::seconds interval) : interval_(interval) {}

    /// The number of calls held back since the last one that passed, when this one may pass; else nothing.
    [[nodiscard]] std::optional<std::uint64_t> pass(Clock::time_point now = Clock::now());

  private:
    std::chrono::seconds interval_;
    std::optional<Clock::time_point> last_;
    std::uint64_t held_back_ = 0;
};

}  // namespace base
