#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>

#include "stream/frame.h"

namespace stream {

/// The newest end of the log, in memory: the last frames, and one lane of them for each endpoint. Bounded in
/// events and in bytes; the newest frame stays whatever its size. One thread.
class Ring {
  public:
    struct Limits {
        std::size_t events;
        std::size_t bytes;
    };

    /// Counts the frames that a lane has had: stays valid when older ones leave.
    using Position = std::uint64_t;

    /// Empty, before the event of the id `next`.
    Ring(Limits limits, base::EventId next) : limits_(limits), first_(next), next_(next) {}

    /// Frames come in the order of their ids.
    void push(FramePtr frame);

    /// Every event from this id on, up to next_id(), is in the ring.
    [[nodiscard]] base::EventId first_id() const { return first_; }
    [[nodiscard]] base::EventId next_id() const { return next_; }

    [[nodiscard]] Position begin(base::Endpoint endpoint) const { return lane(endpoint).begin; }
    [[nodiscard]] Position end(base::Endpoint endpoint) const {
        return lane(endpoint).begin + lane(endpoint).frames.size();
    }
    /// The first frame of the lane with this id or a later one; end() if there is none.
    [[nodiscard]] Position find(base::Endpoint endpoint, base::EventId id) const;

    /// From begin() to before end(); valid until the next push().
    [[nodiscard]] const Frame& at(base::Endpoint endpoint, Position position) const {
        return *lane(endpoint).frames[position - lane(endpoint).begin];
    }

    [[nodiscard]] std::size_t size() const { return frames_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    struct Lane {
        Position begin = 0;
        std::deque<const Frame*> frames;
    };

    [[nodiscard]] const Lane& lane(base::Endpoint endpoint) const {
        return lanes_[static_cast<std::size_t>(endpoint)];
    }
    [[nodiscard]] bool over_limit() const {
        return frames_.size() > limits_.events || bytes_ > limits_.bytes;
    }
    void evict_oldest();

    Limits limits_;
    base::EventId first_;
    base::EventId next_;
    std::deque<FramePtr> frames_;
    std::array<Lane, base::kEndpointCount> lanes_;
    std::size_t bytes_ = 0;
};

}  // namespace stream
