#pragma once

#include <memory>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <string_view>

namespace base {

using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;
using Histogram = prometheus::Histogram;

/// Every metric of the program, by name. Finding a series takes a lock: keep the reference, which stays valid
/// as long as this object. Counting through it takes none. Thread-safe.
class Metrics {
  public:
    Metrics();

    /// error_counts{category,description}
    [[nodiscard]] Counter& error(std::string_view category, std::string_view description);
    /// node_statuses{node}
    [[nodiscard]] Gauge& node_status(std::string_view node);
    /// received_bytes{filter}
    [[nodiscard]] Histogram& received_bytes(std::string_view filter);
    /// internal_events{category,description}
    [[nodiscard]] Counter& internal_event(std::string_view category, std::string_view description);
    /// sidecar_disconnects_total{reason}: ends of subscribers' streams
    [[nodiscard]] Counter& disconnect(std::string_view reason);
    /// sidecar_subscribers{endpoint}
    [[nodiscard]] Gauge& subscribers(std::string_view endpoint);
    /// sidecar_events_total{outcome}: appended, duplicate, or followed (another instance appended it)
    [[nodiscard]] Counter& events(std::string_view outcome);
    /// sidecar_node_gaps_total{node,filter}: times that a node's ids skipped what it no longer held
    [[nodiscard]] Counter& node_gap(std::string_view node, std::string_view filter);
    /// Ends the series of a node; no reference to them may be used any more.
    void remove_node_status(std::string_view node);
    void remove_node_gap(std::string_view node, std::string_view filter);

    /// sidecar_accept_pauses_total{server}: times that accepting stopped for want of file descriptors
    [[nodiscard]] Counter& accept_pause(std::string_view server);

    [[nodiscard]] prometheus::Registry& registry() { return *registry_; }

  private:
    std::shared_ptr<prometheus::Registry> registry_;
    prometheus::Family<Counter>& errors_;
    prometheus::Family<Gauge>& node_statuses_;
    prometheus::Family<Histogram>& received_bytes_;
    prometheus::Family<Counter>& internal_events_;
    prometheus::Family<Counter>& disconnects_;
    prometheus::Family<Gauge>& subscribers_;
    prometheus::Family<Counter>& events_;
    prometheus::Family<Counter>& node_gaps_;
    prometheus::Family<Counter>& accept_pauses_;
};

}  // namespace base
