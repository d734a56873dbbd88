#pragma once

#include <memory>
#include <vector>

#include "stream/frame.h"

namespace stream {

/// What one append brought, for every shard alike.
struct Publication {
    std::vector<FramePtr> frames;  ///< ids ascending
    base::ApiVersion api_version;  ///< the greatest known after them
};
using PublicationPtr = std::shared_ptr<const Publication>;

}  // namespace stream
