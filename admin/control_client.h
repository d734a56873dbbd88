#pragma once

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/result.h"

namespace admin {

/// Puts one request to the sidecar that listens at the path (of any length), and waits for its answer: the
/// object with "ok": true. What the sidecar refuses is an error of the category Invalid, in its words.
/// Unavailable when nobody listens, or no whole answer comes in time; the message names the path and the
/// remedy. Blocks.
[[nodiscard]] base::Result<nlohmann::ordered_json> ask(
    const std::filesystem::path& socket, const nlohmann::ordered_json& request,
    std::chrono::milliseconds patience = std::chrono::seconds(10));

}  // namespace admin
