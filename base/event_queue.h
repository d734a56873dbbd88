#pragma once

#include <string>

#include "base/bounded_queue.h"
#include "base/event.h"

namespace base {

/// What one read of a node's stream gave, on its way to the publisher.
struct Batch {
    EventBatch events;
    std::string network_name;  ///< of the node; empty: unknown
};

/// From the node connections to the publisher. The cost is in bytes.
using EventQueue = BoundedQueue<Batch>;

}  // namespace base
