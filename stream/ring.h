#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <vector>

#include "stream/lane.h"

namespace stream {

/// The newest end of the log, in memory: the last frames, and the lanes over them that somebody reads.
/// Bounded in events and in bytes; beyond the events only what is released goes, so that who fell behind by a
/// pause catches up from memory; beyond the bytes everything, but for the newest frame, whatever its size.
/// What is kept of it compressed, for those who ask for it so, is at most a quarter of these bytes. One
/// thread.
class Ring {
  public:
    struct Limits {
        std::size_t events;  ///< once released
        std::size_t bytes;
    };

    /// Empty, before the event of the id `next`.
    Ring(Limits limits, base::EventId next);

    /// Frames come in the order of their ids.
    void push(FramePtr frame);

    /// There is more than so many events: what nobody has still to get should be released.
    [[nodiscard]] bool over_length() const { return frames_.size() > limits_.events; }
    /// Nobody has to get what is before this id.
    void release_before(base::EventId id);

    /// Every event from this id on, up to next_id(), is in the ring.
    [[nodiscard]] base::EventId first_id() const { return first_; }
    [[nodiscard]] base::EventId next_id() const { return next_; }
    /// The first of as many as the limit says: what is before is there only for who has still to get it.
    [[nodiscard]] base::EventId first_of_newest() const;

    /// The one lane for this key, over all that is in the ring. It goes when nobody but the ring holds it.
    [[nodiscard]] LanePtr lane(const LaneKey& key);
    [[nodiscard]] std::span<const LanePtr> lanes() const { return lanes_; }

    [[nodiscard]] std::size_t size() const { return frames_.size(); }
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    [[nodiscard]] bool oldest_goes() const;
    void evict();
    void evict_oldest();
    void drop_idle_lanes();

    Limits limits_;
    base::EventId first_;
    base::EventId next_;
    base::EventId released_before_ = 0;
    std::deque<FramePtr> frames_;
    std::vector<LanePtr> lanes_;
    const SegmentStorePtr segments_;
    std::size_t bytes_ = 0;
};

}  // namespace stream
