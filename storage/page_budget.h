#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace storage {

/// Limits that a page keeps to. The first event fits always.
class PageBudget {
  public:
    PageBudget(std::size_t events, std::size_t bytes) : events_(events), bytes_(bytes) {}

    /// Whether one more event of this size can be taken.
    [[nodiscard]] bool has_room_for(std::size_t size) const {
        return events_ != 0 && (first_ || size <= bytes_);
    }

    [[nodiscard]] bool take(std::size_t size) {
        if (!has_room_for(size)) return false;
        first_ = false;
        events_ -= 1;
        bytes_ -= std::min(size, bytes_);
        return true;
    }

  private:
    std::size_t events_;
    std::size_t bytes_;
    bool first_ = true;
};

/// One more than wanted tells whether there are more; an SQL LIMIT is signed.
[[nodiscard]] inline std::int64_t sql_limit(std::size_t max_events) {
    return static_cast<std::int64_t>(std::min<std::size_t>(max_events, 1U << 30U)) + 1;
}

}  // namespace storage
