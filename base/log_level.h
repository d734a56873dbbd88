#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"

namespace base {

/// The levels of a log, from all to nothing.
inline constexpr std::array<std::string_view, 6> kLogLevels{"trace", "debug", "info", "warn", "error", "off"};

/// The one of that name, in any case; "warning" is "warn".
[[nodiscard]] std::optional<std::string> log_level_named(std::string_view name);

/// One of kLogLevels. Any thread.
[[nodiscard]] std::string_view level_of(const Log& log);

/// Takes effect at once, for every copy of the log. False: there is no such level, and nothing is changed.
/// Any thread.
[[nodiscard]] bool set_level(const Log& log, std::string_view name);

}  // namespace base
