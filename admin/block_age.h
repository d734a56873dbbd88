#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "admin/readiness.h"

namespace admin {

/// The newest block of the log.
struct NewestBlock {
    std::optional<std::uint64_t> height;        ///< none: there is no block yet
    std::chrono::steady_clock::duration age{};  ///< since it was stored; without one, since the start
};

/// What is wrong when it is older than `limit`; nothing where that is 0.
[[nodiscard]] Readiness::Reasons age_problems(const NewestBlock& block, std::chrono::seconds limit);

}  // namespace admin
