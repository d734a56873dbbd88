#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/event_kind.h"

namespace storage {

/// Which events may be deleted, the oldest first: those that are older, and those without which the database
/// would be larger. Nothing set: none.
struct RetentionOptions {
    std::optional<std::uint32_t> max_age_in_days;
    std::optional<std::uint64_t> max_size_in_mb;
    std::vector<base::Kind> keep_kinds;  ///< are never deleted
};

}  // namespace storage
