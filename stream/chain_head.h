#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

namespace stream {

/// The newest block of the log, as far as it is known here: by it one sees whether the chain still comes in.
/// One thread writes; any reads, without a lock.
class ChainHead {
  public:
    using Clock = std::chrono::steady_clock;

    /// No block is known. `now`: from when on one is awaited.
    explicit ChainHead(Clock::time_point now) : since_(now) {}

    /// A block was stored at this time. One that is no higher than the newest, as an old one that a node had
    /// and others had not, says nothing about the chain's end.
    void block(std::uint64_t height, Clock::time_point stored) {
        const auto known = height_.load(std::memory_order_relaxed);
        if (known >= 0 && height <= static_cast<std::uint64_t>(known)) return;
        height_ = static_cast<std::int64_t>(height);
        since_ = stored;
    }

    [[nodiscard]] std::optional<std::uint64_t> height() const {
        const auto height = height_.load();
        return height < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(height));
    }

    /// When the newest block was stored; while there is none, since when one is awaited.
    [[nodiscard]] Clock::time_point since() const { return since_; }

  private:
    std::atomic<std::int64_t> height_ = -1;
    std::atomic<Clock::time_point> since_;
};

}  // namespace stream
