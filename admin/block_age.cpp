#include "admin/block_age.h"

#include <fmt/format.h>

namespace admin {

Readiness::Reasons age_problems(const NewestBlock& block, std::chrono::seconds limit) {
    if (limit == std::chrono::seconds(0) || block.age <= limit) return {};
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(block.age).count();
    const auto what = block.height
                          ? fmt::format("the newest block, {}, was stored {} s ago", *block.height, age)
                          : fmt::format("no block came since the start, {} s ago", age);
    return {fmt::format("{}; ready_max_block_age_in_seconds is {}", what, limit.count())};
}

}  // namespace admin
