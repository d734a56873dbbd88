#include "server/sidecar_samples.h"

#include <chrono>
#include <utility>

#include "base/samples.h"
#include "upstream/node_state.h"

namespace server {
namespace {

using base::Samples;
using upstream::NodeState;

template <class Number>
double number(Number value) {
    return static_cast<double>(value);
}

void add_queue(Samples& samples, const base::EventQueue& queue) {
    samples.gauge("sidecar_queue_bytes", "Events read and not yet stored, in bytes")
        .add(number(queue.cost()));
    samples.gauge("sidecar_queue_limit_bytes", "Where reading from the nodes pauses")
        .add(number(queue.bound()));
    samples.gauge("sidecar_queue_batches", "Reads of nodes' sockets that wait to be stored")
        .add(number(queue.size()));
}

void add_ring(Samples& samples, const stream::ShardCounts::RingState& ring) {
    samples.gauge("sidecar_ring_events", "Newest events held in memory").add(number(ring.events));
    samples.gauge("sidecar_ring_bytes", "Memory that they take, in bytes").add(number(ring.bytes));
    samples.gauge("sidecar_ring_oldest_id", "From this id on events are held in memory")
        .add(number(ring.first));
    samples.gauge("sidecar_ring_newest_id", "The id of the newest event held in memory")
        .add(number(ring.next - 1));
}

void add_log(Samples& samples, const storage::EventLog& log) {
    const auto range = log.range();
    const auto usage = log.usage();
    samples.gauge("sidecar_oldest_event_id", "From this id on no stored event is missing")
        .add(number(range.oldest));
    samples.gauge("sidecar_newest_event_id", "The id of the newest stored event").add(number(range.newest()));
    samples.gauge("sidecar_database_bytes", "Space that the database takes, in bytes")
        .add(number(usage.database_bytes));
    samples.counter("sidecar_deleted_events_total", "Events that retention deleted")
        .add(number(usage.deleted_events));
}

void add_streams(Samples& samples, const stream::StreamServer& streams) {
    const auto path = [](base::Endpoint endpoint) { return std::string(base::endpoint_path(endpoint)); };
    auto events =
        samples.counter("sidecar_delivered_events_total", "Events sent to subscribers, by endpoint");
    for (const auto endpoint : base::kEndpoints)
        events.add(number(streams.delivered(endpoint).events), {{"endpoint", path(endpoint)}});
    auto bytes = samples.counter("sidecar_delivered_bytes_total", "Bytes sent to subscribers, by endpoint");
    for (const auto endpoint : base::kEndpoints)
        bytes.add(number(streams.delivered(endpoint).bytes), {{"endpoint", path(endpoint)}});

    samples.counter("sidecar_storage_replays_total", "Times that a subscriber had to be served from storage")
        .add(number(streams.replay_count()));
    samples.gauge("sidecar_storage_replays", "Subscribers that are served from storage now")
        .add(number(streams.replays().taken()));
    samples.gauge("sidecar_storage_replays_waiting", "Subscribers that wait to be served from storage")
        .add(number(streams.replays().waiting()));
}

void add_head(Samples& samples, const stream::ChainHead& head) {
    auto height = samples.gauge("sidecar_head_height", "The height of the newest stored block");
    if (const auto known = head.height()) height.add(number(*known));
    const std::chrono::duration<double> age = stream::ChainHead::Clock::now() - head.since();
    samples
        .gauge("sidecar_head_age_seconds", "Since the newest block was stored; without one, since the start")
        .add(age.count());
}

void add_state(Samples::Family& family, const upstream::NodeReport& node) {
    for (auto state = NodeState::Initializing; state <= NodeState::Deleted;
         state = static_cast<NodeState>(static_cast<int>(state) + 1)) {
        family.add(node.state == state ? 1 : 0,
                   {{"node", node.name}, {"state", std::string(upstream::name_of(state))}});
    }
}

void add_nodes(Samples& samples, const std::vector<upstream::NodeReport>& nodes) {
    auto height = samples.gauge("sidecar_node_height", "The height of the newest block that a node sent");
    for (const auto& node : nodes) {
        if (node.height) height.add(number(*node.height), {{"node", node.name}});
    }
    auto lag =
        samples.gauge("sidecar_node_lag_blocks", "Blocks that a node is behind the highest of all nodes");
    for (const auto& node : nodes) lag.add(number(node.blocks_behind), {{"node", node.name}});
    auto state = samples.gauge("sidecar_node_state", "1 for the state that a node is in, 0 for the others");
    for (const auto& node : nodes) add_state(state, node);
}

void add_all(Samples& samples, const SampledParts& parts) {
    const auto nodes = parts.nodes.last();
    const auto reasons = parts.readiness.reasons(parts.nodes.answers() ? nodes.get() : nullptr);
    samples.gauge("sidecar_build_info", "The version of the sidecar").add(1, {{"version", parts.version}});
    samples.gauge("sidecar_ready", "1 when the sidecar is ready, as /health/ready tells with its reasons")
        .add(reasons.empty() ? 1 : 0);
    samples.gauge("sidecar_storage_available", "1 when events can be stored, 0 while they cannot")
        .add(parts.publisher.outage() ? 0 : 1);
    add_queue(samples, parts.queue);
    add_ring(samples, parts.streams.ring());
    add_log(samples, parts.log);
    add_streams(samples, parts.streams);
    add_head(samples, parts.publisher.chain_head());
    add_nodes(samples, *nodes);
}

}  // namespace

std::shared_ptr<prometheus::Collectable> sidecar_sampler(SampledParts parts) {
    return std::make_shared<base::Sampler>(
        [parts = std::move(parts)](Samples& samples) { add_all(samples, parts); });
}

}  // namespace server
