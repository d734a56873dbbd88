#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <utility>

#include "stream/segment.h"

namespace stream {

/// What the caches of one ring share: who compresses, and how many bytes they may keep together. One thread.
struct SegmentStore {
    explicit SegmentStore(std::size_t most) : most_bytes(most) {}

    SegmentMaker maker;
    const std::size_t most_bytes;
    std::size_t bytes = 0;
};
using SegmentStorePtr = std::shared_ptr<SegmentStore>;

/// The segments of one lane that were made already, by where they begin. Only a cache: where there is no room
/// the oldest places go first, and are made again for who asks.
class SegmentCache {
  public:
    struct Place {
        std::uint64_t position = 0;  ///< of the first frame, in the lane
        std::size_t offset = 0;      ///< so many of its bytes stand before

        auto operator<=>(const Place&) const = default;
    };

    explicit SegmentCache(SegmentStorePtr store) : store_(std::move(store)) {}
    ~SegmentCache();
    SegmentCache(const SegmentCache&) = delete;
    SegmentCache& operator=(const SegmentCache&) = delete;

    /// The segment from this place on, when it is known; none too when it has few frames beside those that it
    /// could have by now, which are so many.
    [[nodiscard]] SegmentPtr find(const Place& place, std::size_t available) const;

    /// How many of the available frames a new segment shall have: it ends where another begins, so that those
    /// who read from different places come together, unless it would be much shorter for that.
    [[nodiscard]] std::size_t length_at(const Place& place, std::size_t available) const;

    /// Makes the segment from this place on, as SegmentMaker does, and keeps it.
    [[nodiscard]] SegmentPtr make(const Place& place, std::span<const Frame* const> frames);

    void drop_before(const Place& place);

  private:
    using Segments = std::map<Place, SegmentPtr>;

    void erase(Segments::iterator segment);

    const SegmentStorePtr store_;
    Segments segments_;
};

}  // namespace stream
