#include "stream/lane.h"

#include <algorithm>
#include <utility>

namespace stream {

Lane::Position Lane::find(base::EventId id) const {
    const auto found =
        std::ranges::lower_bound(frames_, id, {}, [](const Place& place) { return place.frame->id(); });
    return begin_ + static_cast<Position>(found - frames_.begin());
}

std::uint64_t Lane::bytes_from(Position position) const {
    return position == end() ? 0 : bytes_ - frames_[position - begin_].bytes_before;
}

SegmentPtr Lane::segment_at(Position position, std::size_t offset) {
    const SegmentCache::Place place{position, offset};
    const auto available = std::min<std::size_t>(end() - position, SegmentMaker::kMostFrames);
    if (auto known = segments_.find(place, available)) return known;
    std::vector<const Frame*> frames(segments_.length_at(place, available));
    for (auto& frame : frames) frame = &at(position++);
    return segments_.make(place, frames);
}

void Lane::push(const Frame& frame) {
    if (!key_.takes(frame)) return;
    const auto chunk = frame.wire(Framing::Chunked);
    frames_.push_back({&frame, chunk, bytes_});
    bytes_ += chunk.size();
    newest_version_ = std::max(newest_version_, frame.version());
    touched_ = true;
}

void Lane::drop(const Frame& oldest) {
    if (frames_.empty() || frames_.front().frame != &oldest) return;
    frames_.pop_front();
    ++begin_;
    segments_.drop_before({begin_, 0});
}

Lane::Waiters Lane::take_waiters() {
    touched_ = false;
    return std::exchange(waiters_, {});
}

}  // namespace stream
