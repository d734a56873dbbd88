#include "base/metrics.h"

#include <algorithm>
#include <array>
#include <prometheus/metric_family.h>
#include <string>
#include <utility>

namespace base {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;

std::string text(std::string_view view) {
    return std::string(view);
}

// Seconds: from what a cache gives to what somebody notices.
const std::vector<double> kLatencies{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                     0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
const std::vector<double> kSizes{500, 1e3, 2e3, 5e3, 5e4, 5e5, 5e6, 5e7};
const std::vector<double> kBatches{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048};

// What the Rust sidecar counts, but for what has a filter or a kind in its name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 10> kErrors{{
    {"connection_manager", "fetching_from_stream_failed"},
    {"connection_manager", "event_without_id"},
    {"connection_manager", "sending_downstream_failed"},
    {"connection_manager", "api_version_sending_failed"},
    {"connection_manager", "api_version_deserialization_failed"},
    {"connection_manager", "api_version_expected"},
    {"fetching_build_version_for_node", "version_value_not_a_string"},
    {"fetching_build_version_for_node", "incomprehensible_build_version_form"},
    {"fetching_build_version_for_node", "failed_parsing_protocol_version"},
    {"fetching_build_version_for_node", "failed_getting_status_from_payload"},
}};

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
      internal_events_(BuildCounter()
                           .Name("internal_events")
                           .Help("Events that began and ended each step of their way through the sidecar")
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
                         .Register(*registry_)),
      tls_failures_(BuildCounter()
                        .Name("sidecar_tls_failures_total")
                        .Help("TLS handshakes of clients that failed, by reason")
                        .Register(*registry_)),
      stored_(BuildCounter()
                  .Name("sidecar_stored_events_total")
                  .Help("Events of the log that were handed on to subscribers, by kind")
                  .Register(*registry_)),
      http_requests_(BuildCounter()
                         .Name("sidecar_http_requests_total")
                         .Help("HTTP requests that were answered, by server, route and status")
                         .Register(*registry_)),
      received_bytes_(add_histograms("received_bytes", "Sizes of the events received from nodes, in bytes",
                                     {"filter"}, kSizes)),
      ingest_seconds_(add_histograms("sidecar_ingest_seconds",
                                     "From the last byte read of an event to its commit", {}, kLatencies)),
      append_seconds_(
          add_histograms("sidecar_append_seconds", "Time to store a batch of events", {}, kLatencies)),
      batch_events_(add_histograms("sidecar_batch_events", "Events stored at once", {}, kBatches)),
      delivery_seconds_(add_histograms(
          "sidecar_delivery_seconds",
          "From the commit of an event to its write to a subscriber that waited for it", {}, kLatencies)),
      http_request_seconds_(add_histograms("sidecar_http_request_seconds",
                                           "From a request's last byte to its answer's first, by route",
                                           {"server", "route"}, kLatencies)) {
    make_known_series();
}

void Metrics::make_known_series() {
    for (const auto& [category, description] : kErrors) (void)error(category, description);
    for (const auto filter : kNodeFilters) {
        (void)error("connection_manager", "deserialization_error:" + text(filter_name(filter)));
        (void)received_bytes(filter_name(filter));
    }
    for (const auto& row : kKinds) {
        if (row.kind != Kind::ApiVersion) (void)db_save_error(row.kind);
    }
    for (const auto step : kInternalEvents) (void)internal_event(step);
}

HistogramFamily& Metrics::add_histograms(std::string name, std::string help, std::vector<std::string> labels,
                                         std::vector<double> bounds) {
    auto family = std::make_shared<HistogramFamily>(std::move(name), std::move(help), std::move(labels),
                                                    std::move(bounds));
    sources_.push_back(family);
    return *family;
}

std::vector<prometheus::MetricFamily> Metrics::collect() const {
    auto families = registry_->Collect();
    for (const auto& source : sources_) std::ranges::move(source->Collect(), std::back_inserter(families));
    std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
    return families;
}

Counter& Metrics::error(std::string_view category, std::string_view description) {
    return errors_.Add({{"category", text(category)}, {"description", text(description)}});
}

Gauge& Metrics::node_status(std::string_view node) {
    return node_statuses_.Add({{"node", text(node)}});
}

Histogram& Metrics::received_bytes(std::string_view filter) {
    return received_bytes_.of({text(filter)});
}

Histogram& Metrics::ingest_seconds() {
    return ingest_seconds_.of();
}

Histogram& Metrics::append_seconds() {
    return append_seconds_.of();
}

Histogram& Metrics::batch_events() {
    return batch_events_.of();
}

Histogram& Metrics::delivery_seconds() {
    return delivery_seconds_.of();
}

Counter& Metrics::stored(std::string_view kind) {
    return stored_.Add({{"kind", text(kind)}});
}

Counter& Metrics::db_save_error(Kind kind) {
    return error("main", "db_save_error_" + text(row_of(kind).name));
}

Counter& Metrics::internal_event(std::string_view step) {
    return internal_events_.Add({{"category", "main_inbound_sse_data"}, {"description", text(step)}});
}

Counter& Metrics::http_requests(std::string_view server, std::string_view route, unsigned status) {
    return http_requests_.Add(
        {{"server", text(server)}, {"route", text(route)}, {"status", std::to_string(status)}});
}

Histogram& Metrics::http_request_seconds(std::string_view server, std::string_view route) {
    return http_request_seconds_.of({text(server), text(route)});
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

Counter& Metrics::tls_failure(std::string_view server, std::string_view reason) {
    return tls_failures_.Add({{"server", text(server)}, {"reason", text(reason)}});
}

}  // namespace base
