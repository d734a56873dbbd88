#pragma once

#include <cstddef>
#include <vector>

#include "stream/event_filter.h"
#include "stream/segment.h"

namespace stream {

/// How events are wanted back from the log.
struct ReplayForm {
    EventFilter filter{};  ///< only what passes
    bool compressed = false;
    base::EventId cut = 0;   ///< compressed: of this event, if it comes first,
    std::size_t offset = 0;  ///< so many bytes of its frame are not wanted
};

/// Events read back from the log, as frames or compressed.
struct ReplayPage {
    std::vector<FramePtr> frames;
    std::vector<SegmentPtr> segments;
    base::EventId from = 0;    ///< where it was read from
    base::EventId next = 0;    ///< where to read on
    base::EventId oldest = 0;  ///< from here on nothing was deleted before it was read

    /// Of frames or segments.
    [[nodiscard]] std::size_t size() const { return frames.size() + segments.size(); }
    /// Of the first event; 0: there is none.
    [[nodiscard]] base::EventId first_id() const {
        if (!segments.empty()) return segments.front()->extent().first;
        return frames.empty() ? 0 : frames.front()->id();
    }
};

}  // namespace stream
