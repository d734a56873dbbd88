#pragma once

#include <memory>
#include <prometheus/collectable.h>
#include <string>

#include "admin/node_reports.h"
#include "admin/readiness.h"
#include "base/event_queue.h"
#include "storage/event_log.h"
#include "stream/publisher.h"
#include "stream/stream_server.h"

namespace server {

/// What is looked at for the metrics page; all outlive its last reading.
struct SampledParts {
    std::string version;
    const base::EventQueue& queue;
    const storage::EventLog& log;
    const stream::StreamServer& streams;
    const stream::Publisher& publisher;
    const admin::NodeReports& nodes;
    const admin::Readiness& readiness;
};

/// The metrics that are sampled when the page is read: queue, ring, log, replays, deliveries, the chain's
/// head, nodes. Each part is asked by a call that reads atomics, or a lock which no event on its way takes
/// while all is well; docs/metrics.md says what each means.
[[nodiscard]] std::shared_ptr<prometheus::Collectable> sidecar_sampler(SampledParts parts);

}  // namespace server
