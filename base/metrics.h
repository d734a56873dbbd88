#pragma once

#include <array>
#include <memory>
#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <string_view>
#include <vector>

#include "base/event_kind.h"
#include "base/histogram.h"

namespace base {

using Counter = prometheus::Counter;
using Gauge = prometheus::Gauge;

/// What internal_events counts: events that began and ended each step. The names are the Rust sidecar's.
inline constexpr std::array<std::string_view, 6> kInternalEvents{
    "event_received_start", "event_received_end",           "db_save_start",
    "db_save_end",          "outbound_sse_data_send_start", "outbound_sse_data_send_end"};

/// Every metric of the program that is counted, by name; docs/metrics.md describes them all. Finding a series
/// takes a lock: keep the reference, which stays valid as long as this object. Counting through it takes
/// none. Thread-safe. Series whose labels are known beforehand are there from the start, with 0, so that a
/// rule can tell "never" from "not measured".
///
/// A reading (collect()) takes locks of its own only, those under which series are found: it never waits for
/// an event on its way, nor an event for it.
class Metrics {
  public:
    Metrics();

    /// error_counts{category,description}
    [[nodiscard]] Counter& error(std::string_view category, std::string_view description);
    /// node_statuses{node}
    [[nodiscard]] Gauge& node_status(std::string_view node);
    /// received_bytes{filter}: sizes of the events that nodes sent
    [[nodiscard]] Histogram& received_bytes(std::string_view filter);
    /// error_counts of the category "main": events whose storing failed, however often it was tried.
    [[nodiscard]] Counter& db_save_error(Kind kind);
    /// internal_events{category="main_inbound_sse_data",description}: a step of kInternalEvents
    [[nodiscard]] Counter& internal_event(std::string_view step);
    /// sidecar_disconnects_total{reason}: ends of subscribers' streams
    [[nodiscard]] Counter& disconnect(std::string_view reason);
    /// sidecar_subscribers{endpoint}
    [[nodiscard]] Gauge& subscribers(std::string_view endpoint);
    /// sidecar_events_total{outcome}: appended, duplicate, or followed (another instance appended it)
    [[nodiscard]] Counter& events(std::string_view outcome);
    /// sidecar_node_gaps_total{node,filter}: times that a node's ids skipped what it no longer held
    [[nodiscard]] Counter& node_gap(std::string_view node, std::string_view filter);
    /// sidecar_stored_events_total{kind}: events handed on, whoever appended them
    [[nodiscard]] Counter& stored(std::string_view kind);
    /// sidecar_ingest_seconds: from the last byte read of an event to its commit
    [[nodiscard]] Histogram& ingest_seconds();
    /// sidecar_append_seconds: calls that store a batch
    [[nodiscard]] Histogram& append_seconds();
    /// sidecar_batch_events: events in each of them
    [[nodiscard]] Histogram& batch_events();
    /// sidecar_delivery_seconds: from the commit of an event to its write to a subscriber that waited for it
    [[nodiscard]] Histogram& delivery_seconds();
    /// sidecar_http_requests_total{server,route,status} and sidecar_http_request_seconds{server,route};
    /// `route` is the pattern of a server's table, or "other". See net::HttpCounts.
    [[nodiscard]] Counter& http_requests(std::string_view server, std::string_view route, unsigned status);
    [[nodiscard]] Histogram& http_request_seconds(std::string_view server, std::string_view route);
    /// Ends the series of a node; no reference to them may be used any more.
    void remove_node_status(std::string_view node);
    void remove_node_gap(std::string_view node, std::string_view filter);

    /// sidecar_accept_pauses_total{server}: times that accepting stopped for want of file descriptors
    [[nodiscard]] Counter& accept_pause(std::string_view server);

    /// sidecar_tls_failures_total{server,reason}: TLS handshakes that failed: timeout, plain_http (the client
    /// spoke HTTP), or failed
    [[nodiscard]] Counter& tls_failure(std::string_view server, std::string_view reason);

    /// What the metrics page shows beside this object's own: asked at each reading, on the thread that reads,
    /// which must not have to wait for a lock that is held on the way of an event. Before the first reading
    /// only.
    void add(std::shared_ptr<prometheus::Collectable> source) { sources_.push_back(std::move(source)); }

    /// Every metric as it is now, by name.
    [[nodiscard]] std::vector<prometheus::MetricFamily> collect() const;

  private:
    [[nodiscard]] HistogramFamily& add_histograms(std::string name, std::string help,
                                                  std::vector<std::string> labels,
                                                  std::vector<double> bounds);
    void make_known_series();

    const std::shared_ptr<prometheus::Registry> registry_;
    std::vector<std::shared_ptr<prometheus::Collectable>> sources_;
    prometheus::Family<Counter>& errors_;
    prometheus::Family<Gauge>& node_statuses_;
    prometheus::Family<Counter>& internal_events_;
    prometheus::Family<Counter>& disconnects_;
    prometheus::Family<Gauge>& subscribers_;
    prometheus::Family<Counter>& events_;
    prometheus::Family<Counter>& node_gaps_;
    prometheus::Family<Counter>& accept_pauses_;
    prometheus::Family<Counter>& tls_failures_;
    prometheus::Family<Counter>& stored_;
    prometheus::Family<Counter>& http_requests_;
    HistogramFamily& received_bytes_;
    HistogramFamily& ingest_seconds_;
    HistogramFamily& append_seconds_;
    HistogramFamily& batch_events_;
    HistogramFamily& delivery_seconds_;
    HistogramFamily& http_request_seconds_;
};

}  // namespace base
