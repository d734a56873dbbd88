#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace storage {

/// So many may be taken at a time. Who has to wait gets one in the order of asking: nobody waits for ever
/// beside others who ask again and again. Thread-safe.
class Slots {
  public:
    explicit Slots(std::size_t count) : free_(count) {}

    void take() {
        std::unique_lock lock(mutex_);
        const auto turn = next_turn_++;
        changed_.wait(lock, [&] { return turn == turn_ && free_ > 0; });
        ++turn_;
        --free_;
        // When it was woken, it was not its turn yet.
        if (turn_ != next_turn_ && free_ > 0) changed_.notify_all();
    }

    void give_back() {
        const std::lock_guard lock(mutex_);
        ++free_;
        if (turn_ != next_turn_) changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t free_;
    std::uint64_t next_turn_ = 0;  // of who asks next
    std::uint64_t turn_ = 0;       // of who gets the next one
};

}  // namespace storage
