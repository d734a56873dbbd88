#pragma once

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "stream/publication.h"

namespace stream {

/// Publications on their way to a shard, in order. put() on any thread, the rest on the shard's.
class Inbox {
  public:
    /// True: the first since the last take_all(), so the shard is to be told.
    [[nodiscard]] bool put(PublicationPtr publication) {
        const std::lock_guard lock(mutex_);
        publications_.push_back(std::move(publication));
        return !filled_.exchange(true);
    }

    /// Takes no lock.
    [[nodiscard]] bool empty() const { return !filled_; }

    [[nodiscard]] std::vector<PublicationPtr> take_all() {
        const std::lock_guard lock(mutex_);
        filled_ = false;
        return std::exchange(publications_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<PublicationPtr> publications_;
    std::atomic<bool> filled_ = false;  // written under the lock
};

}  // namespace stream
