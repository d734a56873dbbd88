#include "stream/ring.h"

#include <algorithm>
#include <stdexcept>

namespace stream {

void Ring::push(FramePtr frame) {
    if (frame->id() < next_) throw std::logic_error("a frame older than the ring's newest");
    next_ = frame->id() + 1;
    bytes_ += frame->cost();
    for (const auto endpoint : base::kEndpoints) {
        if (frame->endpoints().contains(endpoint)) {
            lanes_[static_cast<std::size_t>(endpoint)].frames.push_back(frame.get());
        }
    }
    frames_.push_back(std::move(frame));
    while (over_limit() && frames_.size() > 1) evict_oldest();
}

void Ring::evict_oldest() {
    const FramePtr oldest = std::move(frames_.front());
    frames_.pop_front();
    first_ = oldest->id() + 1;
    bytes_ -= oldest->cost();
    for (auto& lane : lanes_) {
        if (lane.frames.empty() || lane.frames.front() != oldest.get()) continue;
        lane.frames.pop_front();
        ++lane.begin;
    }
}

Ring::Position Ring::find(base::Endpoint endpoint, base::EventId id) const {
    const auto& frames = lane(endpoint).frames;
    const auto found =
        std::ranges::lower_bound(frames, id, {}, [](const Frame* frame) { return frame->id(); });
    return lane(endpoint).begin + static_cast<Position>(found - frames.begin());
}

}  // namespace stream
