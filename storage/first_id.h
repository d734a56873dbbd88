#pragma once

#include "base/event.h"
#include "base/result.h"

namespace storage {

/// What every database form answers in EventLog::begin_at.
[[nodiscard]] inline base::Result<void> check_first_id(base::EventId first) {
    if (first >= 1 && first < base::kMaxEventId) return {};
    return base::invalid("no event can have the id " + std::to_string(first));
}

[[nodiscard]] inline base::Error already_begun() {
    return base::invalid("the log was used before: its ids go on where they are; choose another one");
}

}  // namespace storage
