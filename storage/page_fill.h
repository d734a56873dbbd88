#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "storage/event_finder.h"
#include "storage/page_budget.h"

namespace storage {

/// A page of a listing that is filled place by place, in order, until a limit is reached.
template <class Entry>
class PageFill {
  public:
    explicit PageFill(const PageLimits& limits)
        : max_entries_(std::max<std::size_t>(limits.max_entries, 1)),
          max_rows_(std::max<std::size_t>(limits.max_rows, 1)),
          budget_(max_entries_, limits.max_bytes) {}

    /// Goes on to a place; false: the page ends before it, and there is more.
    [[nodiscard]] bool look_at(const Place& place) {
        if (looked_at_ == max_rows_ || listing_.entries.size() == max_entries_) {
            listing_.next = here_;
            return false;
        }
        ++looked_at_;
        before_ = std::exchange(here_, place);
        return true;
    }

    /// Gives the entry of this place; false: it does not fit, and the page ends before it.
    [[nodiscard]] bool add(Entry entry, std::size_t bytes) {
        if (!budget_.take(bytes)) {
            end_before();
            return false;
        }
        listing_.entries.push_back(std::move(entry));
        return true;
    }

    /// The page ends before this place, and there is more.
    void end_before() { listing_.next = before_; }

    [[nodiscard]] Listing<Entry> take() { return std::move(listing_); }

  private:
    const std::size_t max_entries_;
    const std::size_t max_rows_;
    PageBudget budget_;
    Listing<Entry> listing_;
    std::size_t looked_at_ = 0;
    std::optional<Place> here_;
    std::optional<Place> before_;
};

/// What an entry counts of PageLimits::max_bytes.
[[nodiscard]] inline std::size_t payload_bytes(const FoundEvent& event) {
    return event.payload.size();
}
[[nodiscard]] inline std::size_t payload_bytes(const FoundDeploy& deploy) {
    std::size_t bytes = 0;
    for (const auto* event : {&deploy.accepted, &deploy.processed, &deploy.expired}) {
        if (*event) bytes += payload_bytes(**event);
    }
    return bytes;
}

}  // namespace storage
