#include "stream/segment_cache.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace stream {
namespace {

/// A segment with less than this part of the frames that it could have is too short.
constexpr std::size_t kLeastPart = 4;

}  // namespace

SegmentCache::~SegmentCache() {
    drop_before({std::numeric_limits<std::uint64_t>::max(), 0});
}

SegmentPtr SegmentCache::find(const Place& place, std::size_t available) const {
    const auto found = segments_.find(place);
    if (found == segments_.end()) return nullptr;
    const auto& extent = found->second->extent();
    return extent.full || extent.frames >= available / kLeastPart ? found->second : nullptr;
}

std::size_t SegmentCache::length_at(const Place& place, std::size_t available) const {
    const auto least = std::max<std::size_t>(available / kLeastPart, 1);
    const auto next = segments_.lower_bound({place.position + least, 0});
    if (next == segments_.end()) return available;
    return std::min<std::size_t>(next->first.position - place.position, available);
}

SegmentPtr SegmentCache::make(const Place& place, std::span<const Frame* const> frames) {
    auto segment = store_->maker.make(frames, place.offset);
    if (const auto shorter = segments_.find(place); shorter != segments_.end()) erase(shorter);
    segments_.emplace(place, segment);
    store_->bytes += segment->cost();
    while (store_->bytes > store_->most_bytes && segments_.size() > 1) {
        const auto first = segments_.begin();
        erase(first->first == place ? std::next(first) : first);  // what was just made serves the others now
    }
    return segment;
}

void SegmentCache::drop_before(const Place& place) {
    while (!segments_.empty() && segments_.begin()->first < place) erase(segments_.begin());
}

void SegmentCache::erase(Segments::iterator segment) {
    store_->bytes -= segment->second->cost();
    segments_.erase(segment);
}

}  // namespace stream
