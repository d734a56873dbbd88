#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "admin/readiness.h"

namespace stream {
class Publisher;
class StreamServer;
}  // namespace stream

namespace server {

/// Why events are not stored or not published, if so. Any thread; takes no lock of an event's way.
[[nodiscard]] admin::Readiness::Reasons storage_problems(const stream::Publisher& publisher);

/// All that can keep the sidecar from being ready, apart from its nodes: a stop under way, storage, a drain,
/// and a newest block older than `max_block_age` (0: of any age). The sources are for any thread; what they
/// look at must outlive them.
[[nodiscard]] std::vector<admin::Readiness::Source> readiness_sources(const stream::Publisher& publisher,
                                                                      const stream::StreamServer& streams,
                                                                      std::chrono::seconds max_block_age,
                                                                      std::function<bool()> stopping);

}  // namespace server
