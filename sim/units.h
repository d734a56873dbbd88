#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sim {

/// Reads "15s", "200ms", "1.5s", "500us", "2m", "1h"; a bare "0" too. Never negative.
[[nodiscard]] base::Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

/// Reads a number of bytes: "345", "64KB", "30MB", "1.7MB", "1GB". The units are decimal, KiB and MiB binary.
[[nodiscard]] base::Result<std::uint64_t> parse_size(std::string_view text);

/// Reads a whole decimal number, nothing else around it.
[[nodiscard]] base::Result<std::uint64_t> parse_number(std::string_view text);

/// RFC 3339 in UTC with milliseconds, as the chain writes its times: "2024-01-01T00:00:00.000Z".
[[nodiscard]] std::string rfc3339(std::chrono::milliseconds since_epoch);

}  // namespace sim
