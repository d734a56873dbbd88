#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "stream/frame.h"

namespace stream {

/// What one append brought, for every shard alike.
struct Publication {
    std::vector<FramePtr> frames;  ///< ids ascending
    base::ApiVersion api_version;  ///< the greatest known after them
    /// When they were known to be stored; what is read of others' events has no such time.
    std::optional<std::chrono::steady_clock::time_point> committed;
};
using PublicationPtr = std::shared_ptr<const Publication>;

}  // namespace stream
