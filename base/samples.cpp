#include "base/samples.h"

#include <iterator>

namespace base {

std::vector<prometheus::MetricFamily> Samples::take() && {
    return {std::make_move_iterator(families_.begin()), std::make_move_iterator(families_.end())};
}

Samples::Family Samples::begin(std::string name, std::string help, prometheus::MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
    return Family(families_.back());
}

Samples::Family& Samples::Family::add(double value, const Labels& labels) {
    prometheus::ClientMetric metric;
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    if (family_->type == prometheus::MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    family_->metric.push_back(std::move(metric));
    return *this;
}

}  // namespace base
