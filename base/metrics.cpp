#include "base/metrics.h"

#include <string>

namespace base {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

std::string text(std::string_view view) {
    return std::string(view);
}

}  // namespace

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      errors_(BuildCounter()
                  .Name("error_counts")
                  .Help("Errors, by the part of the program and what happened")
                  .Register(*registry_)),
      node_statuses_(
          BuildGauge()
              .Name("node_statuses")
              .Help("Connection of each node: 0 preparing, 1 connecting, 2 connected, 3 reconnecting, "
                    "-1 given up, -2 incompatible")
              .Register(*registry_)),
      received_bytes_(BuildHistogram()
                          .Name("received_bytes")
                          .Help("Sizes of the events received from nodes, in bytes")
                          .Register(*registry_)),
      internal_events_(BuildCounter()
                           .Name("internal_events")
                           .Help("Steps that events passed inside the sidecar")
                           .Register(*registry_)),
      disconnects_(BuildCounter()
                       .Name("sidecar_disconnects_total")
                       .Help("Ends of subscribers' streams, by reason")
                       .Register(*registry_)),
      subscribers_(BuildGauge()
                       .Name("sidecar_subscribers")
                       .Help("Subscribers connected, by endpoint")
                       .Register(*registry_)),
      events_(BuildCounter()
                  .Name("sidecar_events_total")
                  .Help("Events received from nodes: appended to the log, or known already")
                  .Register(*registry_)),
      node_gaps_(BuildCounter()
                     .Name("sidecar_node_gaps_total")
                     .Help("Times that a node no longer held the events after the last one read from it")
                     .Register(*registry_)),
      accept_pauses_(BuildCounter()
                         .Name("sidecar_accept_pauses_total")
                         .Help("Times that a server stopped accepting for want of file descriptors")
                         .Register(*registry_)) {}

Counter& Metrics::error(std::string_view category, std::string_view description) {
    return errors_.Add({{"category", text(category)}, {"description", text(description)}});
}

Gauge& Metrics::node_status(std::string_view node) {
    return node_statuses_.Add({{"node", text(node)}});
}

Histogram& Metrics::received_bytes(std::string_view filter) {
    static const Histogram::BucketBoundaries kBuckets{500, 1e3, 2e3, 5e3, 5e4, 5e5, 5e6, 5e7};
    return received_bytes_.Add({{"filter", text(filter)}}, kBuckets);
}

Counter& Metrics::internal_event(std::string_view category, std::string_view description) {
    return internal_events_.Add({{"category", text(category)}, {"description", text(description)}});
}

Counter& Metrics::disconnect(std::string_view reason) {
    return disconnects_.Add({{"reason", text(reason)}});
}

Gauge& Metrics::subscribers(std::string_view endpoint) {
    return subscribers_.Add({{"endpoint", text(endpoint)}});
}

Counter& Metrics::events(std::string_view outcome) {
    return events_.Add({{"outcome", text(outcome)}});
}

Counter& Metrics::node_gap(std::string_view node, std::string_view filter) {
    return node_gaps_.Add({{"node", text(node)}, {"filter", text(filter)}});
}

void Metrics::remove_node_status(std::string_view node) {
    node_statuses_.Remove(&node_status(node));
}

void Metrics::remove_node_gap(std::string_view node, std::string_view filter) {
    node_gaps_.Remove(&node_gap(node, filter));
}

Counter& Metrics::accept_pause(std::string_view server) {
    return accept_pauses_.Add({{"server", text(server)}});
}

}  // namespace base
