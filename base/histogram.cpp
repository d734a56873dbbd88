#include "base/histogram.h"

#include <algorithm>
#include <numeric>
#include <prometheus/metric_family.h>
#include <stdexcept>
#include <utility>

namespace base {

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

std::size_t Histogram::bucket_of(double value) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
}

void Histogram::observe(double value, std::uint64_t times) {
    counts_[bucket_of(value)].fetch_add(times, std::memory_order_relaxed);
    sum_.fetch_add(value * static_cast<double>(times), std::memory_order_relaxed);
}

void Histogram::Tally::observe(double value, std::uint64_t times) {
    counts_[histogram_.bucket_of(value)] += times;
    sum_ += value * static_cast<double>(times);
    empty_ = false;
}

void Histogram::Tally::flush() {
    if (std::exchange(empty_, true)) return;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
        const auto count = std::exchange(counts_[i], 0);
        if (count > 0) histogram_.counts_[i].fetch_add(count, std::memory_order_relaxed);
    }
    histogram_.sum_.fetch_add(std::exchange(sum_, 0), std::memory_order_relaxed);
}

Histogram::Reading Histogram::read() const {
    Reading reading;
    reading.counts.reserve(bounds_.size() + 1);
    for (std::size_t i = 0; i <= bounds_.size(); ++i) {
        reading.counts.push_back(counts_[i].load(std::memory_order_relaxed));
    }
    reading.sum = sum_.load(std::memory_order_relaxed);
    return reading;
}

double Histogram::Reading::quantile(double share, std::span<const double> bounds) const {
    const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    if (all == 0) return 0;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        below += counts[i];
        if (static_cast<double>(below) >= share * static_cast<double>(all)) return bounds[i];
    }
    return bounds.back();
}

Histogram::Reading Histogram::Reading::since(const Reading& earlier) const {
    Reading reading = *this;
    for (std::size_t i = 0; i < earlier.counts.size(); ++i) reading.counts[i] -= earlier.counts[i];
    reading.sum -= earlier.sum;
    return reading;
}

HistogramFamily::HistogramFamily(std::string name, std::string help, std::vector<std::string> labels,
                                 std::vector<double> bounds)
    : name_(std::move(name)),
      help_(std::move(help)),
      labels_(std::move(labels)),
      bounds_(std::move(bounds)) {}

Histogram& HistogramFamily::of(std::vector<std::string> label_values) {
    if (label_values.size() != labels_.size())
        throw std::invalid_argument(name_ + ": a value for each label");
    const std::lock_guard lock(mutex_);
    return histograms_.try_emplace(std::move(label_values), bounds_).first->second;
}

std::vector<prometheus::MetricFamily> HistogramFamily::Collect() const {
    const std::lock_guard lock(mutex_);
    if (histograms_.empty()) return {};
    prometheus::MetricFamily family{name_, help_, prometheus::MetricType::Histogram, {}};
    for (const auto& [values, histogram] : histograms_) {
        const auto reading = histogram.read();
        prometheus::ClientMetric metric;
        for (std::size_t i = 0; i < labels_.size(); ++i) metric.label.push_back({labels_[i], values[i]});
        std::uint64_t cumulative = 0;
        for (std::size_t i = 0; i < bounds_.size(); ++i) {
            cumulative += reading.counts[i];
            metric.histogram.bucket.push_back({cumulative, bounds_[i]});
        }
        metric.histogram.sample_count = cumulative + reading.counts.back();
        metric.histogram.sample_sum = reading.sum;
        family.metric.push_back(std::move(metric));
    }
    return {std::move(family)};
}

}  // namespace base
