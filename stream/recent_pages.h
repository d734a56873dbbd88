#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

#include "storage/event_log.h"
#include "stream/replay_page.h"

namespace stream {

/// The pages read last. Subscribers who fall behind, or come back, together want the same ones: what one has
/// read serves all, so that a thousand of them cost the log no more than one. Bounded in bytes. Thread-safe.
class RecentPages {
  public:
    explicit RecentPages(std::size_t max_bytes) : max_bytes_(max_bytes) {}

    /// What is held of the events asked for, from the first on, in this form, but where it is not compressed,
    /// whatever passes the filter; none: not that one.
    [[nodiscard]] std::optional<ReplayPage> find(const storage::ReadRequest& request,
                                                 const ReplayForm& form = {}) const;

    void add(const storage::ReadRequest& request, const ReplayPage& page, const ReplayForm& form = {});

  private:
    struct Entry {
        std::optional<base::Endpoint> endpoint;
        EventFilter filter;  // compressed: what passed; frames are held whatever passes
        ReplayPage page;
        std::size_t bytes = 0;
    };

    [[nodiscard]] bool has_rest_of(const Entry& entry) const;

    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;  // the oldest first
    std::size_t bytes_ = 0;
};

}  // namespace stream
