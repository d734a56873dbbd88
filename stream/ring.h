#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "stream/lane.h"

namespace stream {

/// The newest end of the log, in memory: the last frames, and the lanes over them that somebody reads.
/// Bounded in events and in bytes; the newest frame stays whatever its size. What is kept of it compressed,
/// for those who ask for it so, is at most a quarter of these bytes. One thread.
class Ring {
  public:
    struct Limits {
        std::size_t events;
        std::size_t bytes;
    };

    /// Empty, before the event of the id `next`.
    Ring(Limits limits, base::EventId next);

    /// Frames come in the order of their ids.
    void push(FramePtr frame);

    /// Every event from this id on, up to next_id(), is in the ring.
    [[nodiscard]] base::EventId first_id() const { return first_; }
    [[nodiscard]] base::EventId next_id() const { return next_; }

    /// The one lane for this key, over all that is in the ring. It goes when nobody but the ring holds it.
    [[nodiscard]] LanePtr lane(const LaneKey& key);
    [[nodiscard]] std::span<const LanePtr> lanes() const { return lanes_; }

    [[nodiscard]] std::size_t size() const { return frames_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    [[nodiscard]] bool over_limit() const {
        return frames_.size() > limits_.events || bytes_ > limits_.bytes;
    }
    void evict_oldest();
    void drop_idle_lanes();

    Limits limits_;
    base::EventId first_;
    base::EventId next_;
    std::deque<FramePtr> frames_;
    std::vector<LanePtr> lanes_;
    const SegmentStorePtr segments_;
    std::size_t bytes_ = 0;
};

}  // namespace stream
