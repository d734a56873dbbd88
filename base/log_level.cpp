#include "base/log_level.h"

#include <algorithm>
#include <cctype>

namespace base {

std::optional<std::string> log_level_named(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == "warning") lower = "warn";
    if (std::ranges::find(kLogLevels, lower) == kLogLevels.end()) return std::nullopt;
    return lower;
}

std::string_view level_of(const Log& log) {
    const auto level = log->level();
    for (const auto name : kLogLevels) {
        if (spdlog::level::from_str(std::string(name)) >= level) return name;
    }
    return kLogLevels.back();
}

bool set_level(const Log& log, std::string_view name) {
    const auto level = log_level_named(name);
    if (level) log->set_level(spdlog::level::from_str(*level));
    return level.has_value();
}

}  // namespace base
