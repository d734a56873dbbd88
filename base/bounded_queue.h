#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace base {

/// A queue between producers that must not block and one consumer that may. Bounded by the sum of the items'
/// costs (bytes, say): an item is taken while the sum is below the bound, so that one item of any cost always
/// fits into an empty queue. Thread-safe.
template <class T>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t bound) : bound_(bound) {}

    /// Takes the item, or leaves it untouched and returns false: then `on_space` runs once, on the consumer's
    /// thread and holding no lock, when there is room again. After close(), items are swallowed.
    [[nodiscard]] bool try_push(T&& item, std::size_t cost, std::function<void()> on_space) {
        {
            const std::lock_guard lock(mutex_);
            if (!closed_ && cost_ >= bound_) {
                waiting_.push_back(std::move(on_space));
                return false;
            }
            if (closed_) return true;
            add(std::move(item), cost);
        }
        not_empty_.notify_one();
        return true;
    }

    /// Takes the item whatever the bound; for what has no other way to go. After close(), it is swallowed.
    void push(T&& item, std::size_t cost) {
        {
            const std::lock_guard lock(mutex_);
            if (closed_) return;
            add(std::move(item), cost);
        }
        not_empty_.notify_one();
    }

    /// Waits for items and takes all of them; an empty result means that `patience` passed, wake() was
    /// called, or the queue is closed. The producers are told of the room only at the next call, when the
    /// consumer is done with what it took: what is in work counts against the bound.
    [[nodiscard]] std::vector<T> take_all(std::chrono::milliseconds patience) {
        std::vector<std::function<void()>> waiting;
        {
            const std::lock_guard lock(mutex_);
            set(cost_, cost_ - std::exchange(taken_cost_, 0));
            if (cost_ < bound_) waiting.swap(waiting_);
        }
        for (const auto& on_space : waiting) on_space();

        std::unique_lock lock(mutex_);
        not_empty_.wait_for(lock, patience, [&] { return !items_.empty() || closed_ || woken_; });
        woken_ = false;
        taken_cost_ = cost_;
        set(size_, 0);
        return std::exchange(items_, {});
    }

    /// Makes a take_all() that waits return, with what there is.
    void wake() {
        {
            const std::lock_guard lock(mutex_);
            woken_ = true;
        }
        not_empty_.notify_one();
    }

    /// No further items; what is queued can still be taken. Waiting producers are released.
    void close() {
        std::vector<std::function<void()>> waiting;
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
            waiting.swap(waiting_);
        }
        not_empty_.notify_one();
        for (const auto& on_space : waiting) on_space();
    }

    [[nodiscard]] bool closed() const {
        const std::lock_guard lock(mutex_);
        return closed_;
    }

    /// The cost of what is queued or in work. Takes no lock, as size().
    [[nodiscard]] std::size_t cost() const { return cost_.load(std::memory_order_relaxed); }
    /// How many items wait to be taken.
    [[nodiscard]] std::size_t size() const { return size_.load(std::memory_order_relaxed); }

    [[nodiscard]] std::size_t bound() const { return bound_; }

  private:
    void add(T&& item, std::size_t cost) {
        set(cost_, cost_ + cost);
        items_.push_back(std::move(item));
        set(size_, items_.size());
    }

    /// Holding the lock, which makes it the only one that writes.
    static void set(std::atomic<std::size_t>& number, std::size_t value) {
        number.store(value, std::memory_order_relaxed);
    }

    mutable std::mutex mutex_;
    std::condition_variable not_empty_;
    std::vector<T> items_;
    std::vector<std::function<void()>> waiting_;
    const std::size_t bound_;
    std::atomic<std::size_t> cost_ = 0;
    std::atomic<std::size_t> size_ = 0;
    std::size_t taken_cost_ = 0;
    bool closed_ = false;
    bool woken_ = false;
};

}  // namespace base
