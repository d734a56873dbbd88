#pragma once

#include <map>
#include <set>
#include <string>

namespace integration {

/// What is known of a metric: its type and the names of its labels, without `le`.
struct MetricShape {
    std::string type;
    std::set<std::string> labels;
    bool operator==(const MetricShape&) const = default;
};
using MetricShapes = std::map<std::string, MetricShape>;

/// Of a page in Prometheus' text format; labels of all its samples. A metric without a sample is left out.
[[nodiscard]] MetricShapes shapes_of_page(const std::string& page);

/// Of the tables of docs/metrics.md.
[[nodiscard]] MetricShapes shapes_of_document(const std::string& markdown);

/// The value of a series as it stands on the page, `name{label="value",…}`; NaN, if there is none.
[[nodiscard]] double value_of(const std::string& page, const std::string& series);

}  // namespace integration
