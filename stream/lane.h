#pragma once

#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>

#include "stream/event_filter.h"
#include "stream/segment_cache.h"

namespace stream {

/// What a lane carries: subscribers who ask for the same share one.
struct LaneKey {
    base::Endpoint endpoint = base::Endpoint::Main;
    EventFilter filter{};

    bool operator==(const LaneKey&) const = default;
    [[nodiscard]] bool takes(const Frame& frame) const {
        return frame.endpoints().contains(endpoint) && filter.passes(frame);
    }
};

/// Who waits at the end of a lane for its next event; leaves the list by itself.
struct LaneWaiter
    : boost::intrusive::list_base_hook<boost::intrusive::tag<struct LaneTag>,
                                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {};

/// The frames of the ring that subscribers of one kind are sent, in order, and those of them who wait for the
/// next. Made by the ring when somebody asks for it; belongs to its shard's thread.
class Lane {
  public:
    using Waiters = boost::intrusive::list<LaneWaiter, boost::intrusive::base_hook<LaneWaiter>,
                                           boost::intrusive::constant_time_size<false>>;

    /// Counts the frames that the lane has had: stays valid when older ones leave.
    using Position = std::uint64_t;

    /// `store`: of the ring, for its segments.
    Lane(LaneKey key, SegmentStorePtr store) : key_(key), segments_(std::move(store)) {}

    [[nodiscard]] const LaneKey& key() const { return key_; }
    [[nodiscard]] Position begin() const { return begin_; }
    [[nodiscard]] Position end() const { return begin_ + frames_.size(); }

    /// The first frame with this id or a later one; end() if there is none.
    [[nodiscard]] Position find(base::EventId id) const;

    /// From begin() to before end(); valid until the ring's next push().
    [[nodiscard]] const Frame& at(Position position) const { return *frames_[position - begin_].frame; }

    /// The greatest version of any frame here; versions never go down along a lane.
    [[nodiscard]] const base::ApiVersion& newest_version() const { return newest_version_; }

    /// Calls `visit(wire)` for so many frames from this position on; there must be as many.
    template <class Visitor>
    void each_wire(Position from, std::size_t count, Framing framing, Visitor visit) const {
        auto place = frames_.begin() + static_cast<std::ptrdiff_t>(from - begin_);
        for (; count > 0; --count, ++place) {
            visit(framing == Framing::Chunked ? place->chunk : place->frame->wire(framing));
        }
    }

    /// What the frames from this position on are in chunks. From begin() to end().
    [[nodiscard]] std::uint64_t bytes_from(Position position) const;

    /// The frames from this position on compressed, as SegmentMaker does, without so many bytes of the first
    /// one. From begin() to before end().
    [[nodiscard]] SegmentPtr segment_at(Position position, std::size_t offset);

    /// For the ring: a frame has come, the oldest leaves.
    void push(const Frame& frame);
    void drop(const Frame& oldest);

    /// For the shard: those who wait, and whether they are to be woken.
    void add_waiter(LaneWaiter& waiter) { waiters_.push_back(waiter); }
    void touch() { touched_ = true; }
    [[nodiscard]] bool touched() const { return touched_; }
    /// All who wait, who wait no more; as if untouched.
    [[nodiscard]] Waiters take_waiters();

  private:
    struct Place {
        const Frame* frame;
        std::string_view chunk;      ///< beside its frame: who gathers many looks at no frame
        std::uint64_t bytes_before;  ///< in chunks, of all that the lane has had
    };

    const LaneKey key_;
    Position begin_ = 0;
    std::uint64_t bytes_ = 0;
    base::ApiVersion newest_version_;
    std::deque<Place> frames_;
    SegmentCache segments_;
    Waiters waiters_;
    bool touched_ = false;
};
using LanePtr = std::shared_ptr<Lane>;

}  // namespace stream
