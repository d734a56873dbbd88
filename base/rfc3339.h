#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace base {

/// "2026-01-31T12:00:00.000Z": RFC 3339, UTC, with milliseconds; what is less is cut off.
[[nodiscard]] std::string rfc3339(std::chrono::sys_time<std::chrono::milliseconds> time);
[[nodiscard]] inline std::string rfc3339(std::chrono::system_clock::time_point time) {
    return rfc3339(std::chrono::floor<std::chrono::milliseconds>(time));
}

/// A time as Casper's JSON has it: RFC 3339 in UTC ("Z"), with any number of decimals or none, of which three
/// count.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_rfc3339(
    std::string_view text);

}  // namespace base
