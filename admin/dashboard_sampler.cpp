#include "admin/dashboard_sampler.h"

#include <algorithm>
#include <numeric>

namespace admin {

DashboardSampler::DashboardSampler(base::Metrics& metrics)
    : read_at_(std::chrono::steady_clock::now()),
      ingest_(metrics.ingest_seconds()),
      delivery_(metrics.delivery_seconds()) {
    for (const auto& row : base::kKinds) {
        if (row.kind == base::Kind::ApiVersion) continue;
        kinds_[static_cast<std::size_t>(row.kind)] = &metrics.stored(row.name);
    }
    for (const auto endpoint : base::kEndpoints) {
        subscribers_[static_cast<std::size_t>(endpoint)] =
            &metrics.subscribers(base::endpoint_path(endpoint));
    }
    counts_ = read();
}

DashboardSampler::Counts DashboardSampler::read() const {
    Counts counts{};
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (kinds_[i] != nullptr) counts[i] = kinds_[i]->Value();
    }
    return counts;
}

double DashboardSampler::subscribers(base::Endpoint endpoint) const {
    return subscribers_[static_cast<std::size_t>(endpoint)]->Value();
}

double DashboardSampler::events(base::Kind kind) const {
    const auto* const counter = kinds_[static_cast<std::size_t>(kind)];
    return counter == nullptr ? 0 : counter->Value();
}

Second DashboardSampler::sample(std::chrono::sys_seconds at, Steady now) {
    const auto counts = read();
    const double passed = std::max(std::chrono::duration<double>(now - read_at_).count(), 0.001);
    Second second{.at = at};
    for (std::size_t i = 0; i < counts.size(); ++i) second.events[i] = (counts[i] - counts_[i]) / passed;
    second.ingest = ingest_.next();
    second.delivery = delivery_.next();
    for (const auto endpoint : base::kEndpoints) second.subscribers += subscribers(endpoint);
    counts_ = counts;
    read_at_ = now;
    return second;
}

DashboardSampler::Window::Window(const base::Histogram& histogram)
    : histogram_(histogram), readings_{histogram.read()} {}

Latency DashboardSampler::Window::next() {
    auto reading = histogram_.read();
    const auto counted = reading.since(readings_.front());
    readings_.push_back(std::move(reading));
    if (readings_.size() > kLatencySamples) readings_.pop_front();
    if (std::accumulate(counted.counts.begin(), counted.counts.end(), std::uint64_t{0}) == 0) return {};
    const auto bounds = histogram_.bounds();
    return {counted.quantile(0.5, bounds), counted.quantile(0.99, bounds)};
}

}  // namespace admin
