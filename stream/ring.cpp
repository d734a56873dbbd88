#include "stream/ring.h"

#include <algorithm>
#include <stdexcept>

namespace stream {
namespace {

constexpr std::size_t kCompressedPart = 4;  // of the ring's bytes, for segments

}  // namespace

Ring::Ring(Limits limits, base::EventId next)
    : limits_(limits),
      first_(next),
      next_(next),
      segments_(std::make_shared<SegmentStore>(limits.bytes / kCompressedPart)) {}

void Ring::push(FramePtr frame) {
    if (frame->id() < next_) throw std::logic_error("a frame older than the ring's newest");
    drop_idle_lanes();
    next_ = frame->id() + 1;
    bytes_ += frame->cost();
    for (const auto& lane : lanes_) lane->push(*frame);
    frames_.push_back(std::move(frame));
    evict();
}

void Ring::release_before(base::EventId id) {
    released_before_ = std::max(released_before_, id);
    evict();
}

base::EventId Ring::first_of_newest() const {
    return over_length() ? frames_[frames_.size() - limits_.events]->id() : first_;
}

bool Ring::oldest_goes() const {
    if (frames_.size() <= 1) return false;
    return bytes_ > limits_.bytes || (over_length() && frames_.front()->id() < released_before_);
}

void Ring::evict() {
    while (oldest_goes()) evict_oldest();
}

void Ring::evict_oldest() {
    const FramePtr oldest = std::move(frames_.front());
    frames_.pop_front();
    first_ = oldest->id() + 1;
    bytes_ -= oldest->cost();
    for (const auto& lane : lanes_) lane->drop(*oldest);
}

void Ring::drop_idle_lanes() {
    std::erase_if(lanes_, [](const LanePtr& lane) { return lane.use_count() == 1; });
}

LanePtr Ring::lane(const LaneKey& key) {
    const auto found = std::ranges::find_if(lanes_, [&](const LanePtr& lane) { return lane->key() == key; });
    if (found != lanes_.end()) return *found;
    drop_idle_lanes();
    const auto lane = std::make_shared<Lane>(key, segments_);
    for (const auto& frame : frames_) lane->push(*frame);
    lanes_.push_back(lane);
    return lane;
}

}  // namespace stream
