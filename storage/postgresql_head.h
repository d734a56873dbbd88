#pragma once

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <utility>

#include "base/api_version.h"
#include "storage/event_log.h"

namespace storage {

/// The row of the table `log`, but for what is never needed here.
struct PostgresqlHead {
    Range range;
    base::ApiVersion api_version;
    std::string network_name;
};

/// The head as far as this instance knows it. It only grows, in whatever order it is learnt. Thread-safe.
class KnownHead {
  public:
    explicit KnownHead(PostgresqlHead head)
        : oldest_(head.range.oldest),
          next_(head.range.next),
          head_(std::move(head)),
          told_(head_.range.next) {}

    void learn(const PostgresqlHead& head) {
        const std::lock_guard lock(mutex_);
        head_.range.oldest = std::max(head_.range.oldest, head.range.oldest);
        head_.range.next = std::max(head_.range.next, head.range.next);
        head_.api_version = std::max(head_.api_version, head.api_version);
        if (!head.network_name.empty()) head_.network_name = head.network_name;
        show_range();
    }

    /// EventLog::begin_at: nobody was told of an id yet.
    void begin_at(base::EventId first) {
        const std::lock_guard lock(mutex_);
        head_.range = {first, first};
        told_ = first;
        show_range();
    }

    /// Takes no lock.
    [[nodiscard]] Range range() const {
        // Both only grow, the newest end first: read in this order, the range is one that can have been.
        const auto oldest = oldest_.load();
        return {oldest, next_.load()};
    }

    [[nodiscard]] PostgresqlHead get() const {
        const std::lock_guard lock(mutex_);
        return head_;
    }

    /// True once for each growth since the last call: someone is to be told.
    [[nodiscard]] bool take_growth() {
        const std::lock_guard lock(mutex_);
        const bool grown = head_.range.next > told_;
        told_ = head_.range.next;
        return grown;
    }

    /// Who would be told knows already: it learnt this head itself.
    void learn_and_tell(const PostgresqlHead& head) {
        learn(head);
        (void)take_growth();
    }

  private:
    /// Under the lock.
    void show_range() {
        next_ = head_.range.next;
        oldest_ = head_.range.oldest;
    }

    std::atomic<base::EventId> oldest_;
    std::atomic<base::EventId> next_;
    mutable std::mutex mutex_;  // guards the following
    PostgresqlHead head_;
    base::EventId told_;
};

}  // namespace storage
